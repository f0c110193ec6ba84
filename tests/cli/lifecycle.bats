# create, start, stop, kill, rm, wait: the states of a container.
load helper
setup() { setup_busybox; }

@test "create makes a container that does not run" {
    run_ctl create --name made "$IMG" echo hello
    equals "$status" 0
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    equals "$(state_of made)" created
    equals "$(ctl ps --quiet)" ""
}

@test "start runs what create made" {
    ctl create --name made "$IMG" sh -c 'echo hello; exit 3' >/dev/null
    run_ctl start --attach made
    equals "$status" 3
    equals "$output" hello
}

@test "start without --attach prints the name and returns" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    run_ctl start made
    equals "$output" made
    equals "$(state_of made)" running
}

@test "an exited container starts again and keeps its files" {
    ctl run --name again "$IMG" sh -c 'echo x >>/count; wc -l </count' >first
    run_ctl start --attach again
    equals "$(cat first)" 1
    equals "$output" 2
}

@test "starting a running container changes nothing" {
    ctl run -d --name on "$IMG" sleep 100
    local pid
    pid=$(ctl inspect --format '{{.State.Pid}}' on)
    ctl start on
    equals "$(ctl inspect --format '{{.State.Pid}}' on)" "$pid"
}

@test "stop sends SIGTERM, and the exit code tells" {
    ctl run -d --name polite "$IMG" sh -c 'trap "exit 5" TERM; touch /ready; while :; do sleep 0.1; done'
    eventually ctl exec polite test -e /ready
    run_ctl stop polite
    equals "$output" polite
    equals "$(state_of polite)" exited
    equals "$(ctl inspect --format '{{.State.ExitCode}}' polite)" 5
}

@test "stop kills what does not listen" {
    ctl run -d --name deaf "$IMG" sh -c 'trap "" TERM; touch /ready; while :; do sleep 0.1; done'
    eventually ctl exec deaf test -e /ready
    ctl stop --time 0 deaf
    equals "$(ctl inspect --format '{{.State.ExitCode}}' deaf)" 137
}

@test "stop uses --stop-signal" {
    ctl run -d --name custom --stop-signal USR1 "$IMG" sh -c 'trap "exit 11" USR1; touch /ready; while :; do sleep 0.1; done'
    eventually ctl exec custom test -e /ready
    ctl stop custom
    equals "$(ctl inspect --format '{{.State.ExitCode}}' custom)" 11
}

@test "stopping a stopped container is no error" {
    ctl run --name over "$IMG" true
    ctl stop over
}

@test "kill sends a signal by name or number" {
    ctl run -d --name target "$IMG" sh -c 'trap "echo one" USR1; trap "exit 9" USR2; touch /ready; while :; do sleep 0.1; done'
    eventually ctl exec target test -e /ready
    ctl kill --signal USR1 target
    eventually bash -c '"$CTL" logs target | grep -q one'
    ctl kill --signal 12 target
    equals "$(ctl wait target)" 9
}

@test "kill ends a container at once" {
    ctl run -d --name target "$IMG" sleep 100
    ctl kill target
    equals "$(ctl wait target)" 137
}

@test "killing what does not run is an error" {
    ctl run --name over "$IMG" true
    fails_with 125 over kill over
}

@test "rm removes an exited container and its name" {
    ctl run --name over "$IMG" true
    run_ctl rm over
    equals "$output" over
    fails_with 125 over inspect over
    ctl run --rm --name over "$IMG" true
}

@test "rm refuses a running container, rm -f does not" {
    ctl run -d --name on "$IMG" sleep 100
    fails_with 2 "container on is running" rm on
    run_ctl rm nobody on
    equals "$status" 2
    equals "$(state_of on)" running
    ctl rm --force on
    equals "$(ctl ps --all --quiet)" ""
}

@test "rm of a container that is not there is an error, rm -f is not" {
    fails_with 1 nobody rm nobody
    ctl rm --force nobody
}

@test "rm removes what other ids wrote" {
    ctl run --name owners "$IMG" sh -c 'mkdir /x && touch /x/f && chown -R 1000:1000 /x && chmod 700 /x'
    ctl rm owners
    equals "$(ls -A "$XDG_DATA_HOME/ctl/containers")" ""
}

@test "a container is found by its name, its id and a unique prefix of it" {
    local id
    id=$(ctl create --name some "$IMG" true)
    equals "$(ctl inspect --format '{{.Name}}' "$id")" "$(ctl inspect --format '{{.Name}}' some)"
    equals "$(ctl inspect --format '{{.Id}}' "${id:0:6}")" "$id"
}

@test "wait waits and prints the exit code" {
    ctl run -d --name w "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.1; done; exit 6'
    ctl wait w >code &
    local waiter=$!
    ctl exec w touch /go
    wait $waiter
    equals "$(cat code)" 6
}

@test "wait on one that has ended answers at once" {
    ctl run --name w "$IMG" true
    equals "$(ctl wait w)" 0
}

@test "the end of the container ends everything that ran in it" {
    ctl run -d --name tree "$IMG" sh -c 'sleep 97531 & sleep 100'
    eventually pgrep -f 'sleep 97531'
    ctl kill tree
    ctl wait tree
    ! pgrep -f 'sleep 97531'
}

@test "after a reboot everything is exited, and startable" {
    ctl run -d --name before "$IMG" sh -c 'echo run >>/runs; exec sleep 100'
    ctl run --name ended "$IMG" sh -c 'exit 4' || true
    # A power cut: every process dies at once, and the boot id that the records carry is no longer the machine's.
    local records boot_id
    boot_id=$(cat /proc/sys/kernel/random/boot_id)
    # shellcheck disable=SC2046
    kill -KILL "$(ctl inspect --format '{{.State.Pid}}' before)" $(orphans)
    no_processes_left
    records=$(grep -ls "$boot_id" "$XDG_DATA_HOME"/ctl/containers/*/*.json)
    [ -n "$records" ]
    # shellcheck disable=SC2086
    sed -i "s/$boot_id/00000000-1111-2222-3333-444444444444/g" $records
    rm -rf "${XDG_RUNTIME_DIR:?}"/*

    equals "$(state_of before)" exited
    equals "$(ctl inspect --format '{{.State.ExitCode}}' ended)" 4
    equals "$(ctl ps --quiet)" ""
    ctl start before
    equals "$(state_of before)" running
    equals "$(ctl exec before cat /runs | wc -l)" 2
}

@test "a container whose monitor was killed is not shown as running" {
    ctl run -d --name orphaned "$IMG" sleep 100
    local pid
    pid=$(ctl inspect --format '{{.State.Pid}}' orphaned)
    # shellcheck disable=SC2046
    kill -KILL $(orphans)
    kill -KILL "$pid" 2>/dev/null || true
    eventually is_exited orphaned
    ctl rm orphaned
}

@test "stop ends a container with --init at once and has nothing to remark" {
    ctl run -d --init --name c "$IMG" sleep 1000
    run_ctl stop c
    equals "$stderr" ""
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 143
}

@test "stop reaches a program that takes its time to handle the signal" {
    ctl run -d --name c "$IMG" sh -c 'sleep 0.3; trap "exit 7" TERM; while :; do sleep 0.05; done'
    run_ctl stop c
    equals "$stderr" ""
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 7
}

@test "stop says why it takes long where the stop signal means nothing to the container" {
    ctl run -d --name c "$IMG" sleep 1000
    run_ctl stop -t 1 c
    contains "$stderr" "does not handle SIGTERM"
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 137
}

@test "a container outlives its monitor, is stopped all the same, and counts as killed" {
    ctl run -d --name c "$IMG" sh -c 'test -e /again && exec sleep 1000; touch /again; exit 3'
    equals "$(ctl wait c)" 3
    ctl start c
    kill -9 "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    equals "$(ctl inspect -f '{{.State.Status}}' c)" running
    ctl stop -t 0 c
    equals "$(ctl inspect -f '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 137"
    equals "$(ctl wait c)" 137
}

@test "inspect says so when the network's process is gone for good" {
    ctl run -d --name c -p "$(free_port):80" "$IMG" sleep 1000
    ended() {
        local pid
        pid=$(pgrep -P "$(ctl inspect -f '{{.State.ConmonPid}}' c)" -f '^ctl: net c') && kill -9 "$pid" # not one of another test's
        ctl inspect -f "{{.State.Error}}" c | grep -q 'no network and no published ports any more'
    }
    eventually ended # one that ends again and again is not started any more
    equals "$(ctl inspect -f '{{.State.Status}}' c)" running
}
