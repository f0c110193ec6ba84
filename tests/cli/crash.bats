# What is left when our processes are killed at awkward moments.
load helper
setup() { setup_busybox; }

@test "a run --rm that was killed before its monitor was there leaves its name free" {
    local pid records
    # What such a death leaves: a created --rm container whose command is gone.
    ctl create --rm --name c "$IMG" true
    records=$(ls "$XDG_DATA_HOME"/ctl/containers/*/record.json)
    sleep 0 & pid=$!
    wait $pid
    python3 - "$records" "$pid" <<'P'
import json, sys
file, pid = sys.argv[1:]
record = json.load(open(file))
record.update(runner_pid=int(pid), runner_start=1, runner_boot=open("/proc/sys/kernel/random/boot_id").read().strip())
json.dump(record, open(file, "w"))
P
    ctl run --rm --name c "$IMG" true
    equals "$(ctl ps -aq)" ""
}

# lose NAME: a container in the host's pid namespace that leaves a process when its monitor and then its first process are
# killed; its pid is $left.
lose() {
    ctl run -d --name "$1" --pid host "$IMG" sh -c 'sleep 1000 & echo $! >/left; wait' >/dev/null
    eventually ctl exec "$1" test -s /left
    left=$(ctl exec "$1" cat /left)
    kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' "$1")"
    kill -KILL "$(ctl inspect -f '{{.State.Pid}}' "$1")"
    eventually eval "! ctl exec $1 true"
    kill -0 "$left"
}

@test "what outlives a container in the host's pid namespace and its monitor is ended by whoever comes across it" {
    local left way other
    ctl run -d --name other --pid host "$IMG" sleep 1000 >/dev/null
    other=$(ctl inspect -f '{{.State.Pid}}' other)
    # No name of hexadecimal digits: once it is gone, it would be the beginning of the id of "other" one time in sixteen.
    for way in "ps" "rm -f lost" "rm lost" "start lost" "stop lost"; do
        lose lost
        # shellcheck disable=SC2086
        ctl $way
        eventually eval "! kill -0 $left"
        kill -0 "$other"
        ctl rm -f -t 0 lost
    done
    equals "$(state_of other)" running
}

@test "create --rm is kept until it was started" {
    ctl create --rm --name c "$IMG" true
    fails_with 125 "in use" run --name c "$IMG" true
    ctl start -a c
    equals "$(ctl ps -aq)" ""
}

@test "a state of starting whose monitor is gone is what its process says" {
    ctl run -d --name c "$IMG" sleep 1000
    local file
    file=$(ls "$XDG_DATA_HOME"/ctl/containers/*/state.json)
    kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    sed -i 's/"status":"running"/"status":"starting"/' "$file"
    eventually is_running c
    ctl stop -t 0 c
    equals "$(ctl inspect -f '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 137"
}

@test "one that was between two runs when its monitor died has ended" {
    ctl run -d --name c --restart always "$IMG" sh -c 'exit 9'
    # The fifth pause is long enough (1.6 s) for what follows to happen in it.
    resting() { [ "$(ctl inspect -f '{{.State.Status}} {{.RestartCount}}' c)" = "restarting 5" ]; }
    eventually resting
    kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    eventually is_exited c
    equals "$(ctl wait c)" 9
    ctl rm c
}

@test "a log that could not be written is told by inspect" {
    ctl run -d --name c "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.05; done; echo lost; touch /said; sleep 1000'
    local monitor
    monitor=$(ctl inspect -f '{{.State.ConmonPid}}' c)
    prlimit --pid "$monitor" --fsize=0:unlimited # what a full disk does to it: no file may grow
    ctl exec c touch /go
    eventually ctl exec c test -e /said
    sleep 0.2 # the monitor reads it, and cannot write the state by now, either
    prlimit --pid "$monitor" --fsize=unlimited:unlimited
    ctl stop -t 0 c
    contains "$(ctl inspect -f '{{.State.Error}}' c)" "log"
    equals "$(ctl logs c)" ""
}

@test "a run that is killed while attached leaves its container as it was" {
    "$CTL" run --name c "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.05; done; echo end; exit 5' >/dev/null 2>&1 3>&- &
    local cli=$!
    eventually is_running c
    kill -KILL "$cli"
    ctl exec c touch /go
    equals "$(ctl wait c)" 5
    equals "$(ctl logs c)" end
}

@test "a container that was started in the future is none the worse" {
    local id
    id=$(ctl run -d --name c "$IMG" sleep 1000)
    sed -i -E 's/"started":[0-9]+/"started":4000000000000000000/' "$XDG_DATA_HOME/ctl/containers/$id/state.json"
    ctl ps -a --format '{{.Names}} {{.State}} {{.Status}}' | grep -q '^c running Up'
    ctl stop -t 0 c
    is_exited c
}
