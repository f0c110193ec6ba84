# Containers on ctl's own overlay on a real distribution's kernel, whose own overlay cannot show other owners yet (before 6.16).
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null
}
teardown_file() {
    remove_containers
    nothing_left
}

needs_fuse_for_maps() { [ "$(printf '6.16\n%s\n' "$(uname -r | cut -d- -f1)" | sort -V | head -1)" != 6.16 ]; }

@test "the kernel's overlay is the default" {
    equals "$(ctl info --format '{{.Store.graphDriverName}}')" overlay
    equals "$(ctl run --rm localhost/busybox sh -c 'grep " / " /proc/mounts | cut -d" " -f3')" overlay
}

@test "--storage-driver fuse works with limits, a terminal's session and stop" {
    ctl --storage-driver fuse run -d --name on --memory 64m localhost/busybox sh -c 'trap "echo ended >/end; exit 0" TERM; while :; do sleep 1; done'
    equals "$(ctl exec on sh -c 'grep " / " /proc/mounts | cut -d" " -f3')" fuse
    ctl stop on
    equals "$(ctl cp on:/end - | tar xO)" ended
}

@test "keep-id works where the kernel cannot show other owners" {
    needs_fuse_for_maps || skip "this kernel can"
    ctl run -d --name kept --userns keep-id localhost/busybox sh -c 'touch /tmp/mine; exec sleep 1000'
    eventually ctl exec kept test -e /tmp/mine
    equals "$(ctl exec kept stat -c %u:%g /bin /tmp/mine | tr '\n' ' ')" "0:0 $(id -u):$(id -g) "
    equals "$(ctl inspect --format '{{.Driver}}' kept)" fuse
}
