# The way to the limits by itself: rootless/cgroup and ctl-scope around a plain process (limits_probe.cc).
load helper

teardown() {
    eventually no_scope_left
    eventually no_cgroup_left
}

# shellcheck disable=SC2016
@test "the limits stand in the control files of the process's cgroup" {
    run "$PROBE" --quota 50000 --memory 67108864 --pids 20 sh -c \
        'cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup) && cat cpu.max memory.max pids.max cgroup.procs'
    echo "$output"
    equals "$status" 0
    contains "${lines[0]}" /user@1000.service/
    contains "${lines[0]}" .scope/container
    equals "${lines[1]}" "50000 100000"
    equals "${lines[2]}" 67108864
    equals "${lines[3]}" 20
    equals "${#lines[@]}" 7 # the shell, cat, and the line below
    equals "${lines[6]}" "oom_kills 0 status 0"
}

@test "a busy loop is held to half a CPU" {
    # shellcheck disable=SC2016
    run "$PROBE" --quota 50000 sh -c '
        cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
        read -r from _ </proc/uptime
        timeout 5 sh -c "while :; do :; done"
        read -r to _ </proc/uptime
        echo "wall $from $to"; cat cpu.stat'
    echo "$output"
    wall=$(echo "$output" | awk '$1 == "wall" { printf "%d", ($3 - $2) * 1000000 }')
    usage=$(echo "$output" | awk '$1 == "usage_usec" { print $2 }')
    throttled=$(echo "$output" | awk '$1 == "nr_throttled" { print $2 }')
    more_than "$wall" 4500000
    at_most "$usage" "$((wall * 60 / 100))"
    more_than "$throttled" 0
}

@test "an OOM kill is counted" {
    run "$PROBE" --memory 33554432 sh -c 'exec tail /dev/zero'
    echo "$output"
    contains "$output" "oom_kills 1 status 9"
}

@test "an OOM kill of one process of many is counted although the first one goes on" {
    run "$PROBE" --memory 33554432 sh -c 'tail /dev/zero; exit 7'
    echo "$output"
    contains "$output" "oom_kills 1 status 1792"
}

@test "a limit of processes makes fork fail" {
    run "$PROBE" --pids 3 bash -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait'
    echo "$output"
    contains "$output" "Resource temporarily unavailable"
}

@test "a process from the login session is moved into a running container's cgroup" {
    contains "$(cat /proc/self/cgroup)" /session- # which alice may not take processes out of
    run "$PROBE" --pids 20 --attach sh -c 'cat /proc/self/cgroup'
    echo "$output"
    equals "$status" 0
    equals "/sys/fs/cgroup${lines[1]#0::}" "${lines[0]#cgroup }"
}

@test "from its own cgroup namespace a process cannot lift its limits" {
    run "$PROBE" --quota 50000 unshare --user --map-root-user --cgroup --mount sh -c '
        mount -t cgroup2 none /mnt && cat /mnt/cpu.max && test -w /mnt/cpu.max && echo max >/mnt/cpu.max; cat /mnt/cpu.max'
    echo "$output"
    equals "${lines[1]}" "50000 100000"
    contains "${lines[2]}" "I/O error" # what this sh calls EPERM of a write
    equals "${lines[3]}" "50000 100000"
}

@test "a bus nobody answers on is an error, not a hang" {
    run "$CTL_SCOPE" --bus /nonexistent/bus start ctl-x.scope test "$$"
    equals "$status" 1
    equals "$output" "connect to the bus /nonexistent/bus: No such file or directory"
}

@test "a scope without a living process is refused in one line" {
    run "$CTL_SCOPE" --bus "$XDG_RUNTIME_DIR/bus" start ctl-x.scope test 4194000
    echo "$output"
    equals "$status" 1
    equals "${#lines[@]}" 1
    contains "$output" "ctl-x.scope"
}
