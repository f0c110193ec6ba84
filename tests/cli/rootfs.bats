# --rootfs DIR[:O]: a directory of this machine as the root file system.
load helper

setup() {
    setup_busybox
    mkdir root
    ctl create --name source "$IMG" true >/dev/null
    ctl export source | tar -x -C root
    ctl rm source >/dev/null
}

@test "--rootfs runs a command in a directory, which it writes into" {
    # shellcheck disable=SC2016 # the inner shell expands it
    run_ctl run --rm --rootfs root sh -c 'echo hello >/made; cat /etc/hostname; echo $PATH'
    equals "$status" 0
    contains "$output" /bin
    equals "$(cat root/made)" hello
    equals "$(stat -c %u root/made)" "$(id -u)"
}

@test "--rootfs DIR:O leaves the directory alone and keeps what is written" {
    # shellcheck disable=SC2016 # the inner shell expands it
    ctl run --name o --rootfs root:O sh -c 'echo x >>/count; wc -l </count' >first
    equals "$(cat first)" 1
    equals "$(ctl start --attach o)" 2
    [ ! -e root/count ]
    equals "$(ctl diff o | grep -v /etc)" "A /count" # /etc has got places to mount on
}

@test "create and start know --rootfs too" {
    ctl create --name c --rootfs "$T/root" cat /etc/os-here >/dev/null
    echo here >root/etc/os-here
    equals "$(ctl start --attach c)" here
    equals "$(ctl start --attach c)" here
}

@test "inspect and ps tell the directory and no image" {
    ctl create --name plain --rootfs root true >/dev/null
    ctl create --name over --rootfs root:O true >/dev/null
    equals "$(ctl inspect --format '{{.Rootfs}}|{{.Image}}|{{.ImageName}}|{{.GraphDriver.Data}}' plain)" "$T/root|||map[]"
    equals "$(ctl inspect --format '{{.GraphDriver.Data.LowerDir}}' over)" "$T/root"
    equals "$(ctl ps --all --format '{{.Image}}|{{.Names}}' | xargs)" "|plain |over"
    equals "$(ctl ps --all --filter ancestor="$IMG" --quiet)" ""
}

@test "what works on images says that there is none" {
    ctl create --name plain --rootfs root true >/dev/null
    ctl create --name over --rootfs root:O true >/dev/null
    fails_with 125 "cannot be committed" commit plain
    fails_with 125 "cannot be committed" commit over
    fails_with 125 "nothing to compare" diff plain
    fails_with 125 "nothing to run" create --rootfs root
    fails_with 125 "exclude each other" create --platform linux/arm64 --rootfs root true
}

@test "a directory that is not there or cannot be had is refused" {
    touch file
    fails_with 125 "No such file" run --rm --rootfs none true
    fails_with 125 "Not a directory" run --rm --rootfs file true
    fails_with 125 "cannot map the ids" run --rm --rootfs root:idmap true
    fails_with 125 "cannot map the ids" run --rm --rootfs 'root:idmap=uids=0-1-10' true
}

@test "cp and export work with both, running or not" {
    local how
    echo new >new
    for how in root root:O; do
        ctl create --name x --rootfs "$how" sh -c 'cat /in; exec sleep 100' >/dev/null
        ctl cp new x:/in
        ctl export x | tar -tf - | grep -x in
        ctl start x >/dev/null
        eventually bash -c '"$CTL" logs x | grep -q new'
        ctl cp x:/in back
        equals "$(cat back)" new
        ctl rm -f -t 0 x
        rm -f back root/in
    done
}

@test "--rootfs goes with an id map of one's own" {
    run_ctl run --rm --userns keep-id --rootfs root id -u
    equals "$output" "$(id -u)"
    run_ctl run --rm --userns keep-id --rootfs root:O sh -c 'touch /tmp/x && stat -c %u /bin /tmp/x'
    equals "$status" 0
    equals "$output" "$(id -u)"$'\n'"$(id -u)"
}

@test "a clone has the same directory, and prune leaves it alone" {
    ctl run --name x --rootfs root:O touch /own
    ctl container clone x y >/dev/null
    equals "$(ctl inspect --format '{{.Rootfs}}' y)" "$T/root"
    ctl start --attach y
    ctl container prune --force >/dev/null
    [ -x root/bin/sh ] || [ -L root/bin/sh ]
}

@test "--rootfs with --read-only, --user and a volume" {
    run_ctl run --rm --rootfs --read-only root touch /x
    [ "$status" -ne 0 ]
    equals "$(ctl run --rm --user 1234 --rootfs root:O id -u)" 1234
    ctl run --rm -v vol:/etc:U --rootfs root true
    contains "$(ctl run --rm -v vol:/data --rootfs root ls /data)" passwd
}
