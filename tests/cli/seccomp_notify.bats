# System calls that somebody outside answers: SCMP_ACT_NOTIFY and the listener (config-linux.md, "Seccomp").
load helper
load oci

setup() { setup_bundle; }
teardown() {
    kill "${agent:-}" 2>/dev/null || true
    oci_teardown
}

# agent COUNT: somebody at ./agent who answers so many questions.
agent() {
    python3 "$BATS_TEST_DIRNAME/seccomp_agent.py" "$T/agent" "$1" 3>&- &
    agent=$!
    eventually test -S agent
}
notify() { jq -n --arg path "$T/agent" '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "for me",
    syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'; }

@test "the agent gets the process's state with the listener, and its answer is the call's" {
    config '.linux.seccomp = $s' --argjson s "$(notify)"
    runs 'mkdir /tmp/x; echo "code $?"'
    ln -s busybox b/rootfs/bin/mkdir
    agent 1
    oci create -b b --pid-file pid one
    [ ! -e agent.message ] # nothing before start: it is not filtered yet
    run_oci start one
    equals "$status" 0
    eventually test -e agent.asked
    equals "$(jq -r '.fds[0], .metadata, .state.id, .state.status, .ociVersion' agent.message)" "$(printf 'seccompFd\nfor me\none\ncreated\n1.2.0')"
    equals "$(jq .pid agent.message)" "$(cat pid)"
    [ ! -e b/rootfs/tmp/x ]
}

@test "with no_new_privs as well" {
    config '.linux.seccomp = $s | .process.noNewPrivileges = true' --argjson s "$(notify)"
    ln -s busybox b/rootfs/bin/mkdir
    runs 'mkdir /tmp/x 2>&1'
    agent 1
    run_oci run -b b one
    contains "$output" "not unique"
}

@test "what exec starts has a listener of its own" {
    config '.linux.seccomp = $s' --argjson s "$(notify)"
    ln -s busybox b/rootfs/bin/mkdir
    agent 0
    oci run -d -b b one
    wait "$agent"
    rm agent agent.message
    agent 1
    run_oci exec one sh -c 'mkdir /tmp/x 2>&1'
    contains "$output" "not unique"
    equals "$(jq -r .state.status agent.message)" running
    [ "$(jq .pid agent.message)" != "$(jq .state.pid agent.message)" ]
}

@test "nobody at the listener's path is an error, and nothing runs" {
    config '.linux.seccomp = $s' --argjson s "$(notify)"
    runs 'echo here >/tmp/ran'
    oci create -b b one
    refused "linux.seccomp.listenerPath $T/agent: No such file or directory" start one
    equals "$(status_of one)" stopped
    [ ! -e b/rootfs/tmp/ran ]
}

@test "without a system call to ask about the path is ignored" {
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nothing"}'
    runs 'echo ran'
    equals "$(oci run -b b one)" ran
}

@test "a policy that asks nobody is an error" {
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
    refused 'linux.seccomp: listenerPath: missing' create -b b one
}

@test "ctl run and exec pass a profile's listener on" {
    load_image busybox
    notify >profile.json
    agent 1
    run_ctl run --name c --security-opt "seccomp=$T/profile.json" "$IMG" sh -c 'mkdir /x 2>&1'
    contains "$output" "not unique"
    equals "$(jq -r .state.bundle agent.message)" "$(dirname "$(ctl inspect --format '{{.OCIConfigPath}}' c)")"
    rm agent agent.message
    agent 0
    ctl run -d --name d --security-opt "seccomp=$T/profile.json" "$IMG" sleep 100
    wait "$agent"
    rm agent agent.message
    agent 1
    run_ctl exec d sh -c 'mkdir /x 2>&1'
    contains "$output" "not unique"
}
