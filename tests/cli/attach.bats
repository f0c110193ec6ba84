# attach, and start -a of what runs: more clients of one container.
load helper
setup() { setup_busybox; }

on_tty() { run python3 "$BATS_TEST_DIRNAME/on_tty.py" "$@"; }

# A container that prints what comes through its standard input and ends with it.
copier() { ctl run -d -i --name c "$IMG" sh -c 'cat; echo end' >/dev/null; }

@test "attach shows what is printed from now on, and ends with the container's status" {
    ctl run -d --name c "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.05; done; echo seen; echo err >&2; exit 7'
    "$CTL" attach --no-stdin c >out 2>err &
    local client=$! status=0
    eventually bash -c '"$CTL" events --stream=false --filter event=attach | grep -q name=c'
    ctl exec c touch /go
    wait $client || status=$?
    equals "$status" 7
    equals "$(cat out)" seen
    equals "$(cat err)" err
}

@test "input reaches the container, and its end does as well" {
    copier
    equals "$(echo hello | ctl attach c)" "hello
end"
    equals "$(ctl wait c)" 0
}

@test "run -i passes the end of input on" {
    equals "$(printf 'a\nb\n' | ctl run --rm -i "$IMG" wc -l)" 2
}

@test "several clients see the same" {
    copier
    local n clients=()
    for n in 1 2 3; do
        "$CTL" attach --no-stdin c >"out$n" &
        clients+=($!)
    done
    eventually bash -c '[ "$("$CTL" events --stream=false --filter event=attach | wc -l)" = 3 ]'
    sleep 0.2 # the event is written just before the connection is served
    echo to all | ctl attach c >out4
    wait "${clients[@]}"
    for n in 1 2 3 4; do contains "$(cat "out$n")" "to all"; done
}

@test "a client that is killed leaves the container and the others alone" {
    ctl run -d --name c "$IMG" sh -c 'while [ ! -e /go ]; do echo x; sleep 0.05; done; echo last'
    "$CTL" attach --no-stdin c >out1 &
    local victim=$!
    "$CTL" attach --no-stdin c >out2 &
    local other=$!
    eventually grep -q x out1
    eventually grep -q x out2
    kill -KILL $victim
    ctl exec c touch /go
    wait $other
    equals "$(tail -1 out2)" last
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 0
}

@test "a client that does not read does not keep rm -f from its work" {
    ctl run -d --name c "$IMG" sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
    mkfifo pipe
    "$CTL" attach --no-stdin c >pipe &
    local client=$!
    exec 5<pipe # opened, and never read
    eventually bash -c '"$CTL" events --stream=false --filter event=attach | grep -q name=c'
    ctl rm -f c
    equals "$(ctl ps -aq)" ""
    exec 5<&-
    wait $client || true
}

@test "attaching to what does not run is an error" {
    ctl create --name c "$IMG" true
    fails_with 125 "not running" attach c
    fails_with 125 nobody attach nobody
}

@test "start -a attaches to a container that runs already" {
    copier
    equals "$(echo again | ctl start -ai c)" "again
end"
}

@test "attach says what is gone when the runtime directory was wiped; everything else works" {
    ctl run -d --name c -p "$(free_port):80" "$IMG" sleep 1000
    rm -rf "${XDG_RUNTIME_DIR:?}"/*
    fails_with 125 "gone" attach c
    equals "$(state_of c)" running
    equals "$(ctl exec c echo inside)" inside
    ctl stop -t 0 c
    ctl start c
    "$CTL" attach --no-stdin --sig-proxy=false c &
    local client=$!
    ctl rm -f c
    wait $client || true
}

@test "attach says so when the monitor was killed" {
    ctl run -d --name c "$IMG" sleep 1000
    kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    eventually fails_with 125 "monitor is gone" attach c
}

@test "--sig-proxy passes signals on, --sig-proxy=false keeps them" {
    ctl run -d --name c "$IMG" sh -c 'trap "echo got it; exit 4" TERM; touch /ready; while :; do sleep 0.05; done'
    eventually ctl exec c test -e /ready
    "$CTL" attach --no-stdin --sig-proxy=false c &
    local kept=$! status=0
    "$CTL" attach --no-stdin c >out &
    local passed=$!
    eventually bash -c '[ "$("$CTL" events --stream=false --filter event=attach | wc -l)" = 2 ]'
    sleep 0.5 # the event is written just before signals are minded
    kill -TERM $kept
    wait $kept || status=$?
    equals "$status" 143
    equals "$(state_of c)" running
    kill -TERM $passed
    status=0
    wait $passed || status=$?
    equals "$status" 4
    equals "$(cat out)" "got it"
}

@test "--detach-keys are what leaves; the container goes on" {
    ctl run -dit --name c "$IMG" sh
    on_tty --expect '# ' --send '\x10\x11echo ge""blieben\n' --expect geblieben --send '\x01x' -- "$CTL" attach --detach-keys ctrl-a,x c
    equals "$status" 0
    equals "$(state_of c)" running
}

@test "detach keys that make no sense are refused before anything is done" {
    fails_with 125 detach-keys run --detach-keys ctrl-p, "$IMG" true
    equals "$(ctl ps -aq)" ""
}

@test "exec has detach keys too" {
    ctl run -d --name c "$IMG" sleep 1000
    on_tty --expect '# ' --send 'q' -- "$CTL" exec -it --detach-keys q c sh
    equals "$status" 0
}
