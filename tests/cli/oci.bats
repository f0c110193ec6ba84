# The life cycle of the OCI runtime (runtime-spec, runtime.md) as its callers see it.
load helper
load oci

setup() { setup_bundle; }
teardown() { oci_teardown; }

@test "run runs the bundle's program to its end and forgets it" {
    runs 'echo out; echo err >&2; exit 7'
    run_oci run -b b one
    equals "$status" 7
    equals "$output" out
    equals "$stderr" err
    equals "$(oci list -q)" ""
}

@test "create runs nothing of the container, start does" {
    runs 'echo here >/tmp/ran; sleep 100'
    oci create -b b one
    equals "$(status_of one)" created
    sleep 0.3
    [ ! -e b/rootfs/tmp/ran ]
    oci start one
    equals "$(status_of one)" running
    for _ in $(seq 50); do [ -e b/rootfs/tmp/ran ] && break; sleep 0.1; done
    [ -e b/rootfs/tmp/ran ]
}

@test "the state has what the specification lists" {
    config '.annotations = {"org.example.a": "b"}'
    oci create -b b --pid-file pid one
    oci state one >state
    equals "$(jq -r '.ociVersion, .id, .status, .bundle, .annotations["org.example.a"]' state)" "$(printf '1.2.0\none\ncreated\n%s\nb' "$T/b")"
    equals "$(jq -r .pid state)" "$(cat pid)"
    kill -0 "$(cat pid)"
}

@test "the document is what it was when the container was made" {
    oci create -b b one
    runs 'echo changed'
    oci start one
    equals "$(oci exec one cat /proc/1/cmdline | tr '\0' ' ')" "sleep 100 "
}

@test "an id is taken once, and must be one" {
    oci create -b b one
    refused 'container "one" already exists' create -b b one
    refused 'is no id of a container' create -b b ../x
    refused 'is no id of a container' state ..
}

@test "what does not exist is an error for every command" {
    for command in state start kill delete pause resume ps; do refused 'container "nothing" does not exist' $command nothing; done
    run_oci exec nothing true
    equals "$status" 255
    oci delete --force nothing
}

@test "commands are refused in states that do not allow them" {
    oci create -b b one
    refused 'is not stopped: it is created' delete one
    oci start one
    refused 'cannot be started: it is running' start one
    refused 'is not stopped: it is running' delete one
    refused 'cannot be resumed: it is running' resume one
    oci kill one KILL
    for _ in $(seq 50); do [ "$(status_of one)" = stopped ] && break; sleep 0.1; done
    refused 'not running' kill one TERM
    refused 'cannot be started: it is stopped' start one
    run_oci exec one true
    equals "$status" 255
    contains "$stderr" "is stopped"
    oci delete one
    refused 'does not exist' state one
}

@test "kill sends the signal that is named, TERM without a name" {
    runs 'trap "exit 3" USR1; trap "exit 4" TERM; echo ready; while :; do sleep 0.1; done'
    for signal in SIGUSR1:3 usr1:3 10:3 :4; do
        mkfifo "p$signal"
        oci run -b b one >"p$signal" &
        local runner=$! code=0
        read -r _ <"p$signal"
        # shellcheck disable=SC2086
        oci kill one ${signal%:*}
        wait $runner || code=$?
        equals $code "${signal#*:}"
    done
}

@test "kill --all reaches those of exec, too, where there is neither a cgroup nor a pid namespace" {
    config '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(if .type == "proc" then {destination: "/proc", source: "/proc", options: ["rbind"]} else . end) | del(.linux.maskedPaths, .linux.readonlyPaths)'
    oci --cgroup-manager disabled run -d -b b one
    oci --cgroup-manager disabled exec -d --pid-file pid one sleep 200
    oci kill --all one KILL
    eventually ended "$(cat pid)"
}

ended() { ! kill -0 "$1" 2>/dev/null; }

@test "a program that is not there is 127 for run, and nothing is left" {
    config '.process.args = ["nothing"]'
    run_oci run -b b one
    equals "$status" 127
    contains "$stderr" 'No such file or directory'
    refused '"nothing"' create -b b one
    equals "$(oci list -q)" ""
}

@test "a program that cannot be executed is told by start, and the container has stopped" {
    config '.process.args = ["/etc"]'
    oci create -b b one
    refused 'Permission denied' start one
    equals "$(status_of one)" stopped
}

@test "exec runs in the container, with its own user, directory, variables" {
    oci run -d -b b one
    equals "$(oci exec -e A=b --cwd /tmp one sh -c 'echo $A; readlink /proc/self/cwd')" "$(printf 'b\n/tmp')"
    jq -n '{args: ["sh", "-c", "echo $X; exit 5"], cwd: "/", user: {uid: 0, gid: 0}, env: ["X=y", "PATH=/bin"]}' >process.json
    run_oci exec --process process.json one
    equals "$status" 5
    equals "$output" y
    run_oci exec one nothing
    equals "$status" 127
    oci exec -d --pid-file pid one sleep 50
    [[ $(oci ps -f json one | jq -c .) == *$(cat pid)* ]]
}

@test "exec runs in a container that is not started yet, and start goes on from there" {
    oci create -b b one
    equals "$(oci exec one cat /proc/self/status | grep -c Name)" 1
    equals "$(status_of one)" created
    oci start one
    equals "$(status_of one)" running
}

@test "a terminal goes to the console socket" {
    config '.process.terminal = true | .process.args = ["sh", "-c", "test -t 0 && echo a terminal; sleep 100"] | .process.consoleSize = {height: 33, width: 77}'
    take_console
    refused '--console-socket is needed' create -b b one
    oci create -b b --console-socket console one
    oci start one
    wait $!
    equals "$(cat said)" "77 33 a terminal"
}

@test "exec's --tty may stand beside --process, as conmon has it" {
    oci run -d -b b one
    jq -n '{args: ["sh", "-c", "test -t 0 && echo a terminal; sleep 100"], cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"]}' >process.json
    take_console
    oci exec --process process.json --tty -d --console-socket console one
    wait $!
    contains "$(cat said)" "a terminal"
    run_oci exec --process process.json --cwd /tmp one
    equals "$status" 255
    contains "$stderr" 'says all of the process'
}

@test "list shows all containers, as a table, as ids and as JSON" {
    oci create -b b one
    oci create -b b two
    equals "$(oci list -q)" "$(printf 'one\ntwo')"
    equals "$(oci list -f json | jq -r '.[].status')" "$(printf 'created\ncreated')"
    contains "$(oci list)" "two"
    equals "$(oci --root "$T/elsewhere" list -q)" ""
}

@test "errors are written to the log in the form that is asked for" {
    run_oci --log log --log-format json state nothing
    equals "$status" 1
    equals "$(jq -r '.level, .msg' log)" "$(printf 'error\ncontainer "nothing" does not exist')"
    run_oci --log text.log state nothing
    contains "$(cat text.log)" 'level=error msg="container'
}

@test "the program answers to the name ctl-oci" {
    ln -s "$CTL" ctl-oci
    equals "$(./ctl-oci features | jq -r .ociVersionMax)" 1.2.0
    contains "$(./ctl-oci --version)" "spec: 1.2.0"
}

@test "hooks run in the order and the places of the specification, with the state on their input" {
    cat >hook <<'END'
#!/bin/sh
echo "$1 $(cat) $(readlink /proc/self/ns/mnt)" >>"$2"
END
    chmod 755 hook
    cp hook b/rootfs/bin/hook
    config '.hooks = {
        prestart: [{path: ($t + "/hook"), args: ["hook", "prestart", ($t + "/said")], env: ["PATH=/usr/bin:/bin"]}],
        createRuntime: [{path: ($t + "/hook"), args: ["hook", "createRuntime", ($t + "/said")], env: ["PATH=/usr/bin:/bin"]}],
        createContainer: [{path: ($t + "/hook"), args: ["hook", "createContainer", ($t + "/said")], env: ["PATH=/usr/bin:/bin"]}],
        startContainer: [{path: "/bin/hook", args: ["hook", "startContainer", "/tmp/said"], env: ["PATH=/bin"]}],
        poststart: [{path: ($t + "/hook"), args: ["hook", "poststart", ($t + "/said")], env: ["PATH=/usr/bin:/bin"]}],
        poststop: [{path: ($t + "/hook"), args: ["hook", "poststop", ($t + "/said")], env: ["PATH=/usr/bin:/bin"]}]}' --arg t "$T"
    chmod 777 b/rootfs/tmp
    oci create -b b one
    equals "$(cut -d' ' -f1 said)" "$(printf 'prestart\ncreateRuntime\ncreateContainer')"
    [ ! -e b/rootfs/tmp/said ]
    oci start one
    equals "$(cut -d' ' -f1 b/rootfs/tmp/said)" startContainer
    local inside
    inside=$(oci exec one readlink /proc/self/ns/mnt)
    contains "$(cat b/rootfs/tmp/said)" "$inside"
    contains "$(sed -n 3p said)" "$inside"
    lacks "$(sed -n 1,2p said)" "$inside"
    oci delete --force one
    equals "$(cut -d' ' -f1 said | tail -n 2)" "$(printf 'poststart\npoststop')"
    equals "$(sed -n 1p said | grep -o '"status":"[a-z]*"')" '"status":"creating"'
    equals "$(tail -n 1 said | grep -o '"status":"[a-z]*"')" '"status":"stopped"'
}

@test "a hook that fails or takes too long undoes create" {
    config '.hooks = {createRuntime: [{path: "/bin/false"}]}'
    refused 'createRuntime hook /bin/false failed with exit code 1' create -b b one
    config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]}'
    refused 'did not end within its 1 s' create -b b one
    config '.hooks = {createRuntime: [{path: "/nothing"}]}'
    refused '/nothing' create -b b one
    equals "$(oci list -q)" ""
}

@test "descriptors are passed on where that is asked for, and no others" {
    runs 'ls /proc/self/fd | wc -l; cat <&3'
    echo text >file
    equals "$(oci run -b b --preserve-fds 1 one 3<file)" "$(printf '5\ntext')"
    runs 'ls /proc/self/fd | wc -l'
    equals "$(oci run -b b one 3<file)" 4
}

@test "update changes nothing where it is told nothing, and needs a cgroup" {
    oci --cgroup-manager disabled run -d -b b one
    refused 'nothing to change' update one
    refused 'has no cgroup of its own' update --memory 10000000 one
    refused 'has no cgroup of its own' pause one
}

@test "a damaged document names the field" {
    config '.process.cwd = "tmp"'
    refused 'process.cwd' create -b b one
    config '.process.cwd = "/" | .linux.namespaces += [{type: "nonsense"}]'
    refused 'linux.namespaces' create -b b one
    config 'del(.root)'
    refused 'root: missing' create -b b one
    echo '{' >b/config.json
    refused 'config.json' create -b b one
    equals "$(oci list -q)" ""
}

@test "a killed create leaves nothing that delete --force does not remove" {
    config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "2"]}]}'
    for signal in TERM KILL; do
        oci create -b b one &
        local maker=$!
        for _ in $(seq 50); do [ "$(oci state one 2>/dev/null | jq .pid)" != 0 ] && [ -e "$XDG_RUNTIME_DIR/ctl-oci/one/state.json" ] && break; sleep 0.1; done
        local pid
        pid=$(jq .pid "$XDG_RUNTIME_DIR/ctl-oci/one/state.json")
        kill -$signal $maker
        wait $maker || true
        oci delete --force one
        equals "$(oci list -q)" ""
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        run ! kill -0 "$pid"
        for _ in $(seq 50); do pgrep -u "$(id -u)" -f '^sleep 2$' >/dev/null || break; sleep 0.1; done
    done
}

@test "startContainer hooks are restricted as the container's program is" {
    config '.process.noNewPrivileges = true | .hooks = {startContainer: [{path: "/bin/sh", args: ["sh", "-c", "grep -E \"CapEff|NoNew\" /proc/self/status; cat"]}]}'
    oci create -b b one
    oci start one >said
    equals "$(grep -o 'CapEff.*' said | tr -d '\t')" "CapEff:0000000000000420"
    equals "$(grep -o 'NoNewPrivs.*' said | tr -d '\t')" "NoNewPrivs:1"
    contains "$(cat said)" '"status":"created"'
}

@test "a startContainer hook that fails stops the container" {
    config '.hooks = {startContainer: [{path: "/bin/false"}]}'
    oci create -b b one
    refused 'startContainer hook /bin/false failed with exit code 1' start one
    equals "$(status_of one)" stopped
    oci delete one
}

@test "a hook need not read its input, however large the state is" {
    config '.annotations = {"org.example.large": ("x" * 200000)} | .hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]}'
    refused 'did not end within its 1 s' create -b b one
}

@test "nobody can look into a container's process that waits for start" {
    oci create -b b --pid-file pid one
    run cat "/proc/$(cat pid)/environ"
    [ "$status" != 0 ]
    oci start one
    cat "/proc/$(cat pid)/environ" >/dev/null
}

@test "an unknown capability is a warning, an unknown seccomp flag an error" {
    runs 'echo ran'
    config '.process.capabilities.bounding += ["CAP_LUNCH"]'
    run_oci run -b b one
    equals "$status" 0
    equals "$output" ran
    contains "$stderr" 'warning: process.capabilities: this kernel has no CAP_LUNCH'
    config '.process.capabilities.bounding -= ["CAP_LUNCH"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LUNCH"]}'
    refused 'SECCOMP_FILTER_FLAG_LUNCH' create -b b one
}

@test "a damaged state is an error that names it, and delete --force removes it" {
    oci create -b b --pid-file pid one
    echo '{"version": 1, "pid": "x"}' >"$XDG_RUNTIME_DIR/ctl-oci/one/state.json"
    refused 'one/state.json' state one
    oci delete --force one
    equals "$(oci list -q)" ""
    kill -KILL "$(cat pid)"
}

@test "a container that runs is not started twice, although start was killed too early to say so" {
    oci create -b b --pid-file pid one
    ln "$XDG_RUNTIME_DIR/ctl-oci/one/start" keep
    oci start one
    ln keep "$XDG_RUNTIME_DIR/ctl-oci/one/start"
    refused 'running already' start one
    kill -0 "$(cat pid)"
}

@test "exec --cgroup stays below the container's" {
    oci run -d -b b one
    run_oci exec --cgroup ../other one true
    equals "$status" 255
    contains "$stderr" '--cgroup ../other: must not contain ".."'
}

@test "exec keeps what it is not told to change of the user, and --process excludes changes" {
    oci run -d -b b one
    equals "$(oci exec -u 0 one id -u)" 0
    run_oci exec -u 5 one id
    equals "$status" 255
    contains "$stderr" "user 5 does not exist in the container"
    echo '{"args": ["true"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' >process.json
    run_oci exec --process process.json -e A=b one
    equals "$status" 255
    contains "$stderr" "exclude"
}

@test "the clocks of a time namespace are set" {
    runs 'cat /proc/uptime | tr . " " | while read s rest; do echo $s; done'
    config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000000, nanosecs: 0}}'
    [ "$(oci run -b b one)" -ge 1000000000 ]
}

@test "devices that are there already are left as they are" {
    runs 'stat -c %a /dev/null; echo x >/dev/null && echo written'
    config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384, uid: 0, gid: 0}]'
    equals "$(oci run -b b one)" "$(printf '666\nwritten')"
    equals "$(stat -c %a /dev/null)" 666
}

@test "a bind mount's source counts from the bundle, whatever its type says" {
    echo text >b/file
    runs 'cat /etc/file'
    config '.mounts += [{destination: "/etc/file", type: "none", source: "file", options: ["bind", "rro"]}]'
    equals "$(oci run -b b one)" text
    config '.mounts[-1].options = ["bind", "lunch"]'
    refused 'unknown option "lunch"' create -b b one
}

@test "ro on a bind holds for its topmost mount, rro for all" {
    mkdir -p tree/sub
    runs 'touch /tree/x 2>/dev/null || echo top refused; touch /tree/sub/x 2>/dev/null || echo sub refused'
    config '.mounts += [{destination: "/tree", type: "bind", source: ($t + "/tree"), options: ["rbind", "ro"]}]' --arg t "$T"
    # A mount below it, in namespaces of its own, from which the runtime starts.
    in_tree() { unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none tree/sub && exec "$0" oci run -b b one' "$CTL"; }
    config '.linux.namespaces -= [{type: "user"}] | del(.linux.uidMappings, .linux.gidMappings) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
    equals "$(in_tree)" "top refused"
    config '.mounts[-1].options = ["rbind", "rro"]'
    equals "$(in_tree)" "$(printf 'top refused\nsub refused')"
}

@test "a low limit of descriptors is the program's, not the runtime's" {
    runs 'ulimit -n'
    config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 4}]'
    equals "$(oci run -b b one)" 4
}
