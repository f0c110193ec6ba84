# What a control group gives besides limits: holding everything in it, and counting.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

frozen() { value_of "$(cgroup_of "$1")/cgroup.events" frozen; }
usage() { value_of "$(cgroup_of "$1")/cpu.stat" usage_usec; }

@test "pause freezes the control group and unpause thaws it" {
    ctl run -d --name busy --cpus 0.5 localhost/busybox sh -c 'while :; do :; done'
    cgroup=$(cgroup_of busy)
    ctl pause busy
    equals "$(cat "$cgroup/cgroup.freeze")" 1
    equals "$(frozen busy)" 1
    equals "$(ctl inspect -f '{{.State.Status}}' busy)" paused
    before=$(usage busy)
    sleep 2
    equals "$(usage busy)" "$before"
    ctl unpause busy
    equals "$(frozen busy)" 0
    equals "$(ctl inspect -f '{{.State.Status}}' busy)" running
    sleep 1
    more_than "$(usage busy)" "$before"
}

@test "a process that exec starts is frozen with the rest" {
    ctl run -d --name held --pids-limit 20 localhost/busybox sleep 4321
    ctl exec held sh -c 'while :; do :; done' 3>&- 4>&- &
    eventually pgrep -x -f 'sh -c while :; do :; done'
    ctl pause held
    equals "$(frozen held)" 1
    before=$(usage held)
    sleep 1
    equals "$(usage held)" "$before"
    run ctl exec held true
    echo "$output"
    equals "$status" 125
    contains "$output" "container held is paused: ctl unpause held lets it go on"
}

@test "stop ends a paused container as it asks to be ended" {
    ctl run -d --name polite --memory 64m localhost/busybox sh -c 'trap "echo bye; exit 7" TERM; while :; do sleep 1 & wait; done'
    eventually ctl exec polite true
    ctl pause polite
    ctl stop polite
    equals "$(ctl inspect -f '{{.State.Status}} {{.State.ExitCode}}' polite)" "exited 7"
    equals "$(ctl logs polite)" bye
}

@test "kill and rm --force end a paused container" {
    for end in "kill" "rm --force --time 0"; do
        ctl run -d --name frozen --memory 64m localhost/busybox sleep 4321
        ctl pause frozen
        # shellcheck disable=SC2086
        ctl $end frozen
        [ "$end" != kill ] || equals "$(ctl wait frozen)" 137
        ctl rm --force --ignore frozen
    done
}

@test "stats takes its numbers from the control group" {
    ctl run -d --name busy --cpus 0.5 --memory 64m localhost/busybox sh -c 'sleep 4321 & while :; do :; done'
    sleep 3
    run ctl stats --no-stream --format '{{.CPUPerc}} {{.MemLimit}} {{.PIDs}}' busy
    echo "$output"
    read -r cpu limit pids <<<"$output"
    more_than "${cpu%%.*}" 5
    at_most "${cpu%%.*}" 70
    equals "$limit" 67108864
    equals "$pids" 2
    run ctl stats --no-stream busy
    echo "$output"
    contains "$output" "/ 67.11MB"
}

@test "stats counts memory that is the container's" {
    ctl run -d --name fat --memory 256m localhost/busybox sh -c 'dd if=/dev/zero of=/dev/shm/fat bs=1M count=30; exec sleep 4321'
    eventually ctl exec fat pidof sleep
    run ctl stats --no-stream --format '{{.MemUsage}} {{.MemPerc}}' fat
    echo "$output"
    used=${output%%MB*}
    more_than "${used%%.*}" 30
    at_most "${used%%.*}" 60
}
