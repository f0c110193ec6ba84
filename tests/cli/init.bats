# init: everything of a start but its last step.
load helper

setup() { setup_busybox; }
is_created() { [ "$(state_of "$1")" = created ]; }

@test "init prepares a container and does not run its program" {
    ctl create --name made "$IMG" touch /ran >/dev/null
    run_ctl init made
    equals "$output" made
    equals "$(state_of made)" initialized
    equals "$(ctl ps --quiet)" ""
    contains "$(ctl ps --all --format '{{.Status}}')" Initialized
    lacks "$(ctl diff made)" /ran
}

@test "start lets an initialized container begin in the process that is there" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl container init made
    local pid
    pid=$(ctl inspect --format '{{.State.Pid}}' made)
    [ "$pid" -gt 0 ]
    ctl start made
    equals "$(state_of made)" running
    equals "$(ctl inspect --format '{{.State.Pid}}' made)" "$pid"
}

@test "start --attach of an initialized container passes everything on" {
    ctl create -i --name made "$IMG" sh -c 'echo first; cat; exit 3' >/dev/null
    ctl init made
    # shellcheck disable=SC2016 # the inner shell expands it
    run --separate-stderr bash -c 'echo second | "$CTL" start -ai made'
    equals "$output" $'first\nsecond'
    equals "$status" 3
}

@test "an initialized container with a terminal begins on it" {
    ctl create -t --name made "$IMG" tty >/dev/null
    ctl init made
    run_ctl start --attach made
    contains "$output" /dev/pts/
}

@test "an initialized container with --init begins" {
    ctl create --init --name made "$IMG" sh -c 'exit 4' >/dev/null
    ctl init made
    run_ctl start --attach made
    equals "$status" 4
}

@test "a command that cannot be executed is an error of the start, not of the init" {
    ctl create --name made "$IMG" nosuch >/dev/null
    ctl init made
    fails_with 127 nosuch start made
    equals "$(state_of made)" created
    contains "$(ctl inspect --format '{{.State.Error}}' made)" nosuch
}

@test "init of an initialized or running container is an error" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    fails_with 125 "initialized already" init made
    ctl start made
    fails_with 125 "running already" init made
}

@test "init --all prepares what does not run, and start --all begins it" {
    ctl create --name one "$IMG" sleep 100 >/dev/null
    ctl create --name two "$IMG" sleep 100 >/dev/null
    ctl run -d --name three "$IMG" sleep 100
    ctl init --all >/dev/null
    equals "$(state_of one) $(state_of two) $(state_of three)" "initialized initialized running"
    ctl start --all >/dev/null
    equals "$(state_of one) $(state_of two) $(state_of three)" "running running running"
}

@test "an exited container is prepared again and keeps its files" {
    ctl run --name again "$IMG" sh -c 'echo x >>/count; wc -l </count'
    ctl init again
    run_ctl start --attach again
    equals "$output" 2
}

@test "the entry of an unknown user is added once, however often the container is prepared" {
    ctl create --user 1234 --name made "$IMG" grep -c 1234 /etc/passwd >/dev/null
    ctl init made
    ctl stop made
    equals "$(ctl start --attach made)" 1
}

@test "stop ends an initialized container" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    ctl stop made
    equals "$(state_of made)" exited
    equals "$(ctl inspect --format '{{.State.Running}} {{.State.Pid}}' made)" "false 0"
}

@test "stop of an initialized container with --restart=always is for good" {
    ctl create --restart always --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    ctl stop made
    equals "$(state_of made)" exited
}

@test "rm removes an initialized container without --force" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    ctl rm made
    equals "$(ctl ps --all --quiet)" ""
}

@test "container prune removes initialized containers" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    ctl container prune --force
    equals "$(ctl ps --all --quiet)" ""
}

@test "exec, kill and pause wait until an initialized container has begun" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    fails_with 125 "not running (initialized)" exec made true
    fails_with 125 "not running (initialized)" kill made
    fails_with 125 "not running (initialized)" pause made
    equals "$(state_of made)" initialized
}

@test "cp reads and writes an initialized container" {
    [ "${CTL_TEST_STORAGE_DRIVER:-}" != fuse ] || skip "not on FUSE, which says so (storage_driver.bats)"
    ctl create --name made "$IMG" cat /from-outside >/dev/null
    ctl init made
    echo hello >file
    ctl cp file made:/from-outside
    ctl cp made:/from-outside back
    equals "$(cat back)" hello
    equals "$(ctl start --attach made)" hello
}

@test "an initialized container whose monitor is killed is created again" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    local pid
    pid=$(ctl inspect --format '{{.State.Pid}}' made)
    kill -KILL "$(pgrep -f '^ctl: monitor made')"
    eventually test ! -e "/proc/$pid"
    eventually is_created made
    ctl start made
    equals "$(state_of made)" running
}

@test "an initialized container with --init does not outlive its monitor" {
    ctl create --init --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    kill -KILL "$(pgrep -f '^ctl: monitor made')"
    eventually is_created made
}

@test "an initialized container whose process is killed has ended" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    kill -KILL "$(ctl inspect --format '{{.State.Pid}}' made)"
    eventually is_exited made
    equals "$(ctl inspect --format '{{.State.ExitCode}}' made)" 137
}

@test "ports of an initialized container are taken" {
    local port
    port=$(free_port)
    ctl create --name made -p "127.0.0.1:$port:80" "$IMG" sleep 100 >/dev/null
    ctl init made
    fails_with 126 "$port" run -p "127.0.0.1:$port:80" "$IMG" true || fails_with 125 "$port" run -p "127.0.0.1:$port:80" "$IMG" true
}

@test "wait --condition initialized is answered by init" {
    ctl create --name made "$IMG" sleep 100 >/dev/null
    ctl init made
    equals "$(ctl wait --condition initialized made)" -1
}

@test "init and start have events of their own" {
    ctl create --name made "$IMG" true >/dev/null
    ctl init made
    equals "$(ctl events --stream=false --since 1h --filter container=made --format '{{.Status}}' | xargs)" "create init"
    ctl start made
    ctl wait made
    equals "$(ctl events --stream=false --since 1h --filter container=made --format '{{.Status}}' | xargs)" \
        "create init start died cleanup"
}
