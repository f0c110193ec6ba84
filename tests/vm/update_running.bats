# update of a container that was started without limits, and so without a cgroup: it gets one while it runs.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null
    ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
}

teardown() {
    remove_containers
    nothing_left
}

first_pid() { ctl inspect -f '{{.State.Pid}}' "$1"; }
monitor_in() { grep -q "/ctl-monitor$" "/proc/$(pgrep -f "^ctl: monitor $1\$")/cgroup"; }

@test "a container of a login session is moved, all of it, and its monitor beside it" {
    ctl run -d --name late localhost/busybox sh -c 'sleep 4321 & while :; do sleep 0.1; done'
    ctl exec late sleep 1234 3>&- 4>&- &
    eventually pgrep -x -f 'sleep 1234'
    contains "$(cgroup_of late)" /session-
    run ctl update --memory 64m --cpus 0.5 --pids-limit 20 late
    echo "$output"
    equals "$status" 0
    contains "$output" "the memory that late has used until now is not counted before its next start"
    cgroup=$(cgroup_of late)
    contains "$cgroup" /user@1000.service/
    equals "$(cat "$cgroup/memory.max")" 67108864
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
    equals "$(cat "$cgroup/pids.max")" 20
    for pid in $(pgrep -x -f 'sleep 4321') $(pgrep -x -f 'sleep 1234'); do
        equals "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$cgroup"
    done
    monitor_in late
    ctl exec late true
    ctl pause late
    equals "$(value_of "$cgroup/cgroup.events" frozen)" 1
    ctl unpause late
}

@test "what runs out of memory afterwards is killed, and that is on record" {
    ctl run -d --name late localhost/busybox sh -c 'while [ ! -e /go ]; do sleep 0.1; done; exec tail /dev/zero'
    ctl update --memory 32m late
    ctl exec late touch /go
    equals "$(ctl wait late)" 137
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' late)" true
}

@test "restarts have the limits, by the monitor and by start" {
    ctl run -d --name late --restart always localhost/busybox sleep 4321
    ctl update --pids-limit 20 late
    kill -KILL "$(first_pid late)"
    again() { [ "$(ctl inspect -f '{{.RestartCount}} {{.State.Status}}' late)" = "1 running" ]; }
    eventually again
    equals "$(cat "$(cgroup_of late)/pids.max")" 20
    ctl stop -t 0 late
    ctl start late
    equals "$(cat "$(cgroup_of late)/pids.max")" 20
}

@test "out of a session, processes of other users of the container cannot be moved, and nothing is changed" {
    ctl run -d --name web localhost/debian-nginx
    workers() { pgrep -f '^nginx: worker'; }
    eventually workers
    run ctl update --memory 64m web
    echo "$output"
    equals "$status" 125
    contains "$output" "out of which its process $(workers) (nginx), which runs as another user in the container, cannot be moved"
    contains "$output" "stop the container first"
    contains "$(cgroup_of web)" /session-
    equals "$(ctl inspect -f '{{.HostConfig.Memory}}' web)" 0
}

@test "inside of the user's systemd they can" {
    systemd-run --quiet --user --pipe --wait --property KillMode=none "$CTL" run -d --name web localhost/debian-nginx
    eventually pgrep -f '^nginx: worker'
    contains "$(cgroup_of web)" /user@1000.service/
    ctl update --memory 128m web
    cgroup=$(cgroup_of web)
    equals "$(cat "$cgroup/memory.max")" 134217728
    equals "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pgrep -f '^nginx: worker')/cgroup")" "$cgroup"
}

@test "taking a limit away that there is none of changes nothing" {
    ctl run -d --name free localhost/busybox sleep 4321
    ctl update --memory 0 free
    contains "$(cgroup_of free)" /session-
}

@test "--cgroups=no-conmon has no cgroup to get" {
    ctl run -d --name free --cgroups=no-conmon localhost/busybox sleep 4321
    run ctl update --memory 64m free
    equals "$status" 125
    contains "$output" "was made with --cgroups=no-conmon, so it cannot have limits"
}
