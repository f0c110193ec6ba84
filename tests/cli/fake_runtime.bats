# What ctl asks of a runtime that it does not know, held against one that writes it down (tests/cli/fake_runtime).
load helper

setup() {
    setup_busybox
    mkdir fake
    cp "$BATS_TEST_DIRNAME/fake_runtime" fake/run
    R=$T/fake/run
}

# The calls without what differs from run to run.
calls() { sed -E "s,$XDG_RUNTIME_DIR/ctl/oci/[0-9a-f]+,DIR,g; s/[0-9a-f]{64}/ID/g; s/-[0-9]+( |\$)/-PID\1/g" fake/calls; }
features() { cat >fake/features.json; }
document() { jq -r "$1" fake/config.json; }

@test "the life of a container is features, create, state, start and delete" {
    run_ctl run --rm --runtime "$R" "$IMG" sh -c 'echo out; exit 4'
    equals "$status $output" "4 out"
    equals "$(calls)" "$(cat <<'END'
features
--root=DIR/root --log=DIR/log-PID --log-format=json create --bundle=DIR/bundle --pid-file=DIR/pid-PID ID
--root=DIR/root --log=DIR/log-PID --log-format=json state ID
--root=DIR/root --log=DIR/log-PID --log-format=json start ID
--root=DIR/root --log=DIR/log-PID --log-format=json delete --force ID
END
)"
}

@test "the runtime's flags come before its command" {
    ctl run --rm --runtime "$R" --runtime-flag debug --runtime-flag=-x "$IMG" true
    contains "$(calls)" "--log-format=json --debug -x create"
}

@test "signals go by kill, all but the last one" {
    ctl run -d --name c --runtime "$R" --stop-signal INT "$IMG" sleep 100
    ctl kill -s USR1 c
    eventually is_exited c
    contains "$(calls)" "kill ID 10"
    ctl start c
    ctl kill c
    lacks "$(calls)" "kill ID 9"
}

@test "exec is detached for the runtime, its process a document" {
    ctl run -d --name c --runtime "$R" "$IMG" sleep 100
    run_ctl exec -e A=b -w /tmp c sh -c 'echo out; exit 5'
    equals "$status $output" "5 out"
    contains "$(calls)" "exec --process=DIR/process-PID --detach --pid-file=DIR/pid-PID ID"
    equals "$(jq -r '.cwd, .args[0], (.env[] | select(startswith("A=")))' fake/process.json)" "$(printf '/tmp\nsh\nA=b')"
    ctl rm -f -t 0 c
}

@test "a terminal is asked for by a console socket" {
    contains "$(ctl run --rm -t --runtime "$R" "$IMG" true </dev/null)" "on a terminal"
    contains "$(calls)" "--console-socket=DIR/tty-PID ID"
    equals "$(document .process.terminal)" true
}

@test "descriptors are handed on by number" {
    echo passed >file
    equals "$(ctl run --rm --preserve-fds 1 --runtime "$R" "$IMG" sh -c 'cat <&3' 3<file)" passed
    contains "$(calls)" "--preserve-fds=1 ID"
}

@test "the document has no user namespace, no limits, and the network by its path" {
    ctl run --rm --runtime "$R" "$IMG" true
    equals "$(document '[.linux.namespaces[].type] | sort | join(" ")')" "cgroup ipc mount network pid uts"
    contains "$(document '.linux.namespaces[] | select(.type == "network").path')" /ns/net
    equals "$(document '.linux.uidMappings, .linux.resources, .linux.cgroupsPath')" "$(printf 'null\nnull\nnull')"
    ctl run --rm --network host --runtime "$R" "$IMG" true
    equals "$(document '[.linux.namespaces[].type] | sort | join(" ")')" "cgroup ipc mount pid uts"
}

@test "a runtime that tells nothing gets the oldest version, another one what it says" {
    ctl run --rm --runtime "$R" "$IMG" true
    equals "$(document .ociVersion)" 1.0.0
    echo '{"ociVersionMin": "1.0.0", "ociVersionMax": "1.1.0+dev"}' | features
    ctl run --rm --runtime "$R" "$IMG" true
    equals "$(document .ociVersion)" 1.1.0+dev
    echo '{"ociVersionMin": "1.0.0", "ociVersionMax": "1.3.0"}' | features
    ctl run --rm --runtime "$R" "$IMG" true
    equals "$(document .ociVersion)" 1.2.0
}

@test "what the runtime does not know is left out where nothing is lost" {
    echo '{"ociVersionMax": "1.2.0", "mountOptions": ["ro", "rro"], "linux": {"capabilities": ["CAP_CHOWN", "CAP_KILL"],
           "seccomp": {"enabled": true, "archs": ["SCMP_ARCH_X86_64"]}}}' | features
    mkdir shared
    ctl run --rm --runtime "$R" -v "$T/shared:/s:ro" "$IMG" true
    equals "$(document '.process.capabilities.bounding | sort | join(" ")')" "CAP_CHOWN CAP_KILL"
    equals "$(document '.linux.seccomp.architectures | join(" ")')" "$(uname -m | sed 's/x86_64/SCMP_ARCH_X86_64/; t; d')"
    contains "$(document '.mounts[] | select(.destination == "/s").options | join(" ")')" rro
}

@test "what it does not know is an error where the container would be another one" {
    echo '{"linux": {"seccomp": {"enabled": false}}}' | features
    fails_with 125 "built without seccomp; --security-opt seccomp=unconfined" run --rm --runtime "$R" "$IMG" true
    ctl run --rm --runtime "$R" --security-opt seccomp=unconfined "$IMG" true
    echo '{"linux": {"namespaces": ["mount", "pid", "network", "ipc", "uts"]}}' | features
    fails_with 125 "it has no cgroup namespaces" run --rm --runtime "$R" "$IMG" true
    echo '{"linux": {"seccomp": {"enabled": true, "actions": ["SCMP_ACT_ALLOW"]}}}' | features
    fails_with 125 "does not know the action SCMP_ACT_ERRNO" run --rm --runtime "$R" "$IMG" true
}

@test "its error is told in its words, and nothing is left" {
    for command in create start; do
        echo "$command" >fake/fails
        fails_with 125 "--runtime $R: the fake was told to fail" run --rm --name c --runtime "$R" "$IMG" true
        equals "$(ctl ps -aq)" ""
        equals "$(find "$XDG_RUNTIME_DIR/ctl/oci" -mindepth 1)" ""
    done
}

@test "what it logs may have any form, and its state any size" {
    sed -i 's/{"level":"error","msg":"the fake was told to fail"}/{"level":50,"msg":7}\n[]\nno json/' fake/run
    echo delete >fake/fails
    ctl run --rm --runtime "$R" "$IMG" true
    rm fake/fails
    ctl run --rm --runtime "$R" --annotation "a=$(head -c 100000 /dev/zero | tr '\0' x)" "$IMG" true
}

@test "a process id that is not of its making is refused, and that process left alone" {
    sleep 100 3>&- &
    echo "kill -KILL \$(cat \"\$here/pid\"); echo $! >\"\$pid_file\"" >fake/more
    sed -i "s|cp \"\$here/pid\" \"\$pid_file\"|. \"\$FAKE/more\"|" fake/run
    fails_with 125 "is the container's, and that is none of its making" run --rm --runtime "$R" "$IMG" true
    kill $!
}

@test "a container that is being made can be ended" {
    mkfifo fake/wait
    sed -i 's|^create)|create) read -r _ <"$FAKE/wait"|' fake/run
    ctl run -d --name c --runtime "$R" "$IMG" sleep 100 2>said &
    eventually grep -q create fake/calls
    eventually is_starting
    ctl rm -f -t 0 c
    wait $! || true
    contains "$(cat said)" "not wanted any more"
    equals "$(ctl ps -aq)" ""
    equals "$(find "$XDG_RUNTIME_DIR/ctl/oci" -mindepth 1)" ""
}
is_starting() { [ "$(state_of c)" = initialized ]; } # as Podman calls one that is on its way

@test "rm forgets what a monitor that was killed while its container was made has left" {
    mkfifo fake/wait
    sed -i 's|mkfifo "$here/go"|&; read -r _ <"$FAKE/wait"|' fake/run
    ctl run -d --name c --runtime "$R" "$IMG" sleep 100 2>said &
    eventually test -e fake/config.json
    eventually is_starting
    kill -KILL "$(ctl inspect --format '{{.State.ConmonPid}}' c)"
    wait $! || true
    ctl rm -f -t 0 c
    equals "$(find "$XDG_RUNTIME_DIR/ctl/oci" -mindepth 1)" ""
}

@test "a directory of sockets where others can write is refused" {
    mkdir -m 0700 shared && mkdir -m 0777 shared/oci && chmod 0777 shared/oci
    fails_with 125 "shared/oci belongs to another user, or others can write there" --tmpdir "$T/shared" run --rm --runtime "$R" "$IMG" true
}

@test "the runtime gets no variable of its caller's that it needs not" {
    sed -i 's|^create)|create) env >"$FAKE/variables"|' fake/run
    TOKEN=secret ctl run --rm --runtime "$R" "$IMG" true
    equals "$(grep -c TOKEN fake/variables || true)" 0
    contains "$(cat fake/variables)" XDG_RUNTIME_DIR=
}

@test "a runtime that passes no signal on keeps no container alive" {
    ctl run -d --name c --runtime "$R" "$IMG" sleep 100
    echo kill >fake/fails
    fails_with 125 "--runtime $R: the fake was told to fail" kill -s TERM c
    run_ctl stop -t 1 c
    equals "$status" 0
    contains "$stderr" "the fake was told to fail"
    equals "$(ctl inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 137"
    ctl start c
    ctl rm -f c
    equals "$(ctl ps -aq)" ""
}

@test "an end that the runtime cannot be told of is an end all the same" {
    echo delete >fake/fails
    equals "$(ctl run --rm --runtime "$R" "$IMG" echo done)" "done"
    equals "$(find "$XDG_RUNTIME_DIR/ctl/oci" -mindepth 1)" ""
}
