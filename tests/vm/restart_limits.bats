# Limits through the life of a container: they are there again after each restart, whoever restarts it.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

restarts() { ctl inspect -f '{{.RestartCount}}' "$1"; }
restarted() { [ "$(restarts "$1")" -ge "$2" ] && [ "$(ctl inspect -f '{{.State.Status}}' "$1")" = running ]; }
first_pid() { ctl inspect -f '{{.State.Pid}}' "$1"; }

@test "--restart=always: each run has its limits" {
    ctl run -d --name again --restart always --memory 32m --pids-limit 20 localhost/busybox sleep 4321
    scope=$(cgroup_of again)
    for round in 1 2; do
        kill -KILL "$(first_pid again)"
        eventually restarted again $round
        equals "$(cgroup_of again)" "$scope"
        equals "$(cat "$scope/memory.max")" 33554432
        equals "$(cat "$scope/pids.max")" 20
    done
    ctl stop -t 0 again
    equals "$(ctl inspect -f '{{.State.Status}}' again)" exited
}

@test "--restart=on-failure:3: three more runs with limits, and what ran out of memory in the last one is on record" {
    # shellcheck disable=SC2016
    run ctl run --name failing --restart on-failure:3 --memory 16m localhost/busybox sh -c \
        'echo $(cat /sys/fs/cgroup/memory.max); exec tail /dev/zero'
    echo "$output"
    equals "$status" 137
    equals "$(restarts failing)" 3
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' failing)" true
    equals "$(ctl logs failing | sort | uniq -c | tr -s ' ')" " 4 16777216"
}

@test "restart: the container is in a cgroup with its limits again" {
    ctl run -d --name again --cpus 0.5 --memory 32m localhost/busybox sleep 4321
    before=$(first_pid again)
    ctl restart -t 0 again
    [ "$(first_pid again)" != "$before" ]
    cgroup=$(cgroup_of again)
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
    equals "$(cat "$cgroup/memory.max")" 33554432
}

@test "what update has changed holds for the restarts that follow" {
    ctl run -d --name changed --restart always --memory 64m localhost/busybox sleep 4321
    ctl update --memory 32m --cpus 0.25 changed
    kill -KILL "$(first_pid changed)"
    eventually restarted changed 1
    cgroup=$(cgroup_of changed)
    equals "$(cat "$cgroup/memory.max")" 33554432
    equals "$(cat "$cgroup/cpu.max")" "25000 100000"
}
