# Containers that crun and runc run, with limits: those of ctl's scope.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

# held_by RUNTIME: the limits of its container are in force, for what exec starts too, and change.
held_by() {
    ctl run -d --name c --runtime "$1" --memory 64m --pids-limit 30 localhost/busybox sleep 4321
    scope=$(cgroup_of c)
    scope=${scope%%.scope*}.scope
    equals "$(cat "$scope/container/memory.max") $(cat "$scope/container/pids.max")" "67108864 30"
    contains "$(cgroup_of c)/" "$scope/container/"
    contains "$(ctl exec c cat /proc/self/cgroup)" 0::/
    ctl exec c sleep 1234 3>&- 4>&- &
    eventually pgrep -x -f 'sleep 1234'
    contains "$(cat "/proc/$(pgrep -x -f 'sleep 1234')/cgroup")" "${scope#/sys/fs/cgroup}/container"
    ctl update --memory 96m c
    equals "$(cat "$scope/container/memory.max")" 100663296
    ctl pause c
    equals "$(ctl inspect -f '{{.State.Status}}' c)" paused
    ctl unpause c
    ctl rm -f -t 0 c
}

# killed_by RUNTIME: for its memory, and inspect says so.
killed_by() {
    run ctl run --name big --runtime "$1" --memory 32m localhost/busybox tail /dev/zero
    equals "$status" 137
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' big)" true
    ctl rm big
}

@test "crun: limits hold" { held_by crun; }
@test "runc: limits hold" { held_by runc; }
@test "crun: a container over its memory is killed" { killed_by crun; }
@test "runc: a container over its memory is killed" { killed_by runc; }

@test "an ordinary container works through crun as through ctl" {
    run ctl run --rm --runtime crun localhost/busybox sh -c 'id -u; exit 7'
    equals "$status $output" "7 0"
    run ctl run --rm --runtime crun localhost/busybox nosuch
    equals "$status" 127
    ctl run -d --name c --runtime crun localhost/busybox sleep 4321
    equals "$(ctl exec c echo inside)" inside
    ctl stop -t 0 c
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 137
}
