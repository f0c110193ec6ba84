# A cgroup that was given to alice, without a systemd of hers: limits by cgroupfs.
# vm: service
load helper

no_leaf_left() { [ -z "$(find "/sys/fs/cgroup$(own_cgroup)/.." -name 'ctl-beef*')" ]; }
own_cgroup() { sed -n 's/^0:://p' /proc/self/cgroup; }

teardown() { no_leaf_left; }

# The first container has to move alice's processes out of the way, the following ones find it done.
# shellcheck disable=SC2016
@test "the limits stand in a cgroup beside the caller's" {
    for _ in 1 2; do
        run "$PROBE" --quota 50000 --memory 67108864 --pids 20 sh -c \
            'cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup) && cat cpu.max memory.max pids.max'
        echo "$output"
        equals "$status" 0
        contains "${lines[0]}" "cgroup /sys/fs/cgroup/system.slice/run-"
        equals "${lines[1]}" "50000 100000"
        equals "${lines[2]}" 67108864
        equals "${lines[3]}" 20
        contains "$(own_cgroup)" /ctl-monitor
    done
}

@test "an OOM kill is counted" {
    run "$PROBE" --memory 33554432 sh -c 'exec tail /dev/zero'
    echo "$output"
    contains "$output" "oom_kills 1 status 9"
}

@test "a limit of processes makes fork fail" {
    run "$PROBE" --pids 3 bash -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait'
    echo "$output"
    contains "$output" "Resource temporarily unavailable"
}

@test "processes that outlive the container's first one end with its cgroup" {
    run "$PROBE" --pids 20 sh -c 'setsid sleep 4321 >/dev/null 2>&1 & exit 0'
    equals "$status" 0
    run pgrep -f 'sleep 4321'
    equals "$status" 1
}
