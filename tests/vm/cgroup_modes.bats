# Where a container's cgroup is, and what the kernel's OOM killer thinks of it.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

own_cgroup() { sed -n 's/^0:://p' /proc/self/cgroup; }

@test "--cgroups=disabled leaves the container in the caller's cgroup, and limits are refused" {
    ctl run -d --name plain --cgroups=disabled localhost/busybox sleep 4321
    equals "$(cgroup_of plain)" "/sys/fs/cgroup$(own_cgroup)"
    run ctl update --memory 64m plain
    equals "$status" 125
    contains "$output" "was made with --cgroups=disabled, so it cannot have limits"
    run ctl run --rm --cgroups=disabled --memory 64m localhost/busybox true
    equals "$status" 125
    contains "$output" "exclude each other"
}

@test "--cgroups=no-conmon is as none without limits, and says why it cannot have any" {
    ctl run -d --name plain --cgroups=no-conmon localhost/busybox sleep 4321
    equals "$(cgroup_of plain)" "/sys/fs/cgroup$(own_cgroup)"
    run ctl run --rm --cgroups=no-conmon --memory 64m localhost/busybox true
    equals "$status" 125
    contains "$output" "--cgroups=no-conmon with limits is not supported: the monitor keeps the container's scope alive"
}

@test "--cgroup-parent with a directory that is not the user's is an error" {
    run ctl run --rm --cgroup-parent /system.slice localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cgroup-parent: the cgroup /sys/fs/cgroup/system.slice is not this user's"
    run ctl run --rm --cgroup-parent /nowhere localhost/busybox true
    contains "$output" "--cgroup-parent: there is no cgroup /sys/fs/cgroup/nowhere"
}

@test "--cgroup-parent with a directory of the user's puts the container there" {
    # shellcheck disable=SC2016
    parent=$(systemd-run --user --scope --quiet --property Delegate=yes --unit ctltest-parent sh -c \
        'mkdir /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/leaf; echo $$ >/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/leaf/cgroup.procs
         sed -n "s,^0::\(.*\)/leaf,\1,p" /proc/self/cgroup; exec setsid sleep 4322 >/dev/null 2>&1 &')
    echo "$parent"
    run systemd-run --user --scope --quiet "$(command -v ctl)" run -d --name child --cgroup-parent "$parent" --memory 64m localhost/busybox sleep 4321
    echo "$output"
    equals "$status" 0
    equals "$(cgroup_of child)" "/sys/fs/cgroup$parent/ctl-$(ctl inspect -f '{{.Id}}' child | cut -c1-12)"
    equals "$(cat "$(cgroup_of child)/memory.max")" 67108864
    ctl rm --force --time 0 child
    pkill -u "$(id -u)" -x -f 'sleep 4322'
}

@test "--cgroups=split in a login session, which is not the user's to divide, is an error" {
    run ctl run --rm --cgroups=split --memory 64m localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cgroups=split: the cgroup /sys/fs/cgroup$(own_cgroup) is not this user's; a systemd service has one with Delegate=yes"
}

@test "--oom-score-adj is the process's, and cannot be lower than the user's own" {
    ctl run -d --name worse --oom-score-adj 500 localhost/busybox sleep 4321
    equals "$(cat "/proc/$(ctl inspect -f '{{.State.Pid}}' worse)/oom_score_adj")" 500
    run ctl run -d --name better --oom-score-adj=-500 localhost/busybox sleep 4321
    echo "$output"
    equals "$status" 125
    contains "$output" "--oom-score-adj -500: you run with $(cat /proc/self/oom_score_adj), and an ordinary user cannot go below that"
}

@test "what cgroup v2 does not have is refused with that reason" {
    for option in --oom-kill-disable --memory-swappiness=10 --cpu-rt-runtime=1000 --cpu-rt-period=1000; do
        run ctl run --rm $option localhost/busybox true
        echo "$output"
        equals "$status" 125
        contains "$output" "${option%%=*}"
        contains "$output" "control groups v2"
    done
}
