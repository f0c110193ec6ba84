# Limits of containers, as an ordinary user at a login shell.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

@test "--cpus=0.5 stands in cpu.max and a busy loop is held to it" {
    ctl run -d --name busy --cpus=0.5 localhost/busybox sh -c 'while :; do :; done'
    cgroup=$(cgroup_of busy)
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
    usage=$(value_of "$cgroup/cpu.stat" usage_usec)
    wall=$(uptime_us)
    sleep 5
    usage=$(($(value_of "$cgroup/cpu.stat" usage_usec) - usage))
    wall=$(($(uptime_us) - wall))
    echo "used $usage of $wall µs"
    more_than "$usage" 0
    at_most "$usage" "$((wall * 60 / 100))"
    more_than "$(value_of "$cgroup/cpu.stat" nr_throttled)" 0
}

@test "a container over --memory is killed, and inspect says why" {
    run ctl run --name big --memory 32m localhost/busybox tail /dev/zero
    equals "$status" 137
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' big)" true
    equals "$(ctl inspect -f '{{.State.ExitCode}}' big)" 137
}

@test "a container killed by the user was not killed for its memory" {
    ctl run -d --name small --memory 32m localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of small)/memory.max")" 33554432
    ctl kill small
    equals "$(ctl wait small)" 137
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' small)" false
}

@test "--pids-limit makes fork fail" {
    # shellcheck disable=SC2016
    run ctl run --rm --pids-limit 5 localhost/busybox sh -c 'for _ in 1 2 3 4 5 6; do sleep 1 & done; wait'
    echo "$output"
    contains "$output" "can't fork: Resource temporarily unavailable"
}

@test "a process of exec is held by the container's limits" {
    ctl run -d --name held --pids-limit 20 localhost/busybox sleep 4321
    ctl exec held sleep 1234 3>&- 4>&- &
    eventually pgrep -x -f 'sleep 1234'
    pid=$(pgrep -x -f 'sleep 1234')
    equals "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$(cgroup_of held | sed 's,^/sys/fs/cgroup,,')"
}

@test "a container with limits starts again with them" {
    ctl run --name again --cpus=0.5 --memory 32m localhost/busybox true
    for _ in 1 2; do ctl start --attach again; done
    equals "$(ctl inspect -f '{{.State.ExitCode}}' again)" 0
}

@test "the container sees its own cgroup as the root, and cannot write its limits" {
    run ctl run --rm --cpus=0.5 localhost/busybox sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/cpu.max; echo max >/sys/fs/cgroup/cpu.max'
    echo "$output"
    equals "${lines[0]}" "0::/"
    equals "${lines[1]}" "50000 100000"
    contains "${lines[2]}" cpu.max # Read-only file system, or the permission of the namespace's root
    [ "$status" != 0 ]
}
