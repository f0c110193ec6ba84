# Containers that another OCI runtime runs (--runtime): as with ctl's own, through each that is at hand.
load helper

setup() {
    setup_busybox
    ln -s "$CTL" ctl-oci # by this name ctl is one
    RUNTIMES=$T/ctl-oci
    local name
    for name in runc crun runsc; do
        if works "$name"; then RUNTIMES+=" $name"; fi
    done
}

# crun before 1.9 does nothing on a machine that has both kinds of cgroups.
works() {
    command -v "$1" >/dev/null || return 1
    [ "$1" != crun ] || [ -e /sys/fs/cgroup/cgroup.controllers ]
}

# each TEST: for every runtime, which is $R then.
each() {
    for R in $RUNTIMES; do "$1"; done
}
teardown() {
    if [ -z "${BATS_TEST_COMPLETED:-}" ]; then echo "with --runtime ${R:-}"; fi
    ctl_teardown
}

logs_have() { ctl logs c 2>&1 | grep -q "$1"; }

# What of a run must not outlive it.
nothing_at_runtime() { equals "$(find "$XDG_RUNTIME_DIR/ctl/oci" -mindepth 1 2>/dev/null)" ""; }

@test "runc and gVisor are at hand for what follows" {
    for R in runc runsc; do works "$R" || skip "there is no $R"; done
    ctl run --rm --runtime runc "$IMG" true
    ctl run --rm --runtime runsc "$IMG" true
}

@test "a container has its streams, its identity and its exit code" {
    with() {
        run_ctl run --rm --runtime "$R" --hostname inside -e A=b -w /tmp "$IMG" sh -c 'id -u; hostname; echo $A; pwd; echo err >&2; exit 7'
        equals "$status" 7
        equals "$output" "$(printf '0\ninside\nb\n/tmp')"
        equals "$stderr" err
        equals "$(echo in | ctl run --rm -i --runtime "$R" "$IMG" cat)" in
        nothing_at_runtime
    }
    each with
}

@test "a command that is not there is 127, one that cannot be executed 126" {
    with() {
        fails_with 127 "--runtime $R: " run --rm --runtime "$R" "$IMG" nosuch
        fails_with 126 "--runtime $R: " run --rm --runtime "$R" "$IMG" /etc/passwd
        nothing_at_runtime
    }
    each with
}

@test "exec goes through the runtime" {
    with() {
        ctl run -d --name c --runtime "$R" "$IMG" sleep 100
        run_ctl exec c sh -c 'echo out; echo err >&2; exit 9'
        equals "$status $output $stderr" "9 out err"
        equals "$(echo in | ctl exec -i c cat)" in
        equals "$(ctl exec -u 1000 c id -u)" 1000
        fails_with 127 "--runtime $R: " exec c nosuch
        ctl exec -d c touch /tmp/detached
        eventually ctl exec c test -e /tmp/detached
        ctl rm -f -t 0 c
        nothing_at_runtime
    }
    each with
}

@test "signals and stop reach the program, kill ends it" {
    with() {
        ctl run -d --name c --runtime "$R" "$IMG" sh -c 'trap "echo usr" USR1; trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
        eventually logs_have ready
        ctl kill -s USR1 c
        eventually logs_have usr
        ctl stop c
        equals "$(ctl inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 3"
        ctl start c
        ctl kill c
        equals "$(ctl inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 137"
        ctl rm c
        nothing_at_runtime
    }
    each with
}

@test "a prepared container begins when it is started" {
    with() {
        ctl create --name c --runtime "$R" "$IMG" echo begun
        ctl init c
        equals "$(state_of c)" initialized
        equals "$(ctl logs c)" ""
        equals "$(ctl start -a c)" begun
        ctl init c
        ctl rm -f c
        nothing_at_runtime
    }
    each with
}

@test "one that fails is started again as its policy says" {
    with() {
        ctl run -d --name c --restart on-failure:2 --runtime "$R" "$IMG" sh -c 'echo run; exit 1'
        eventually is_exited c
        equals "$(ctl logs c)" "$(printf 'run\nrun\nrun')"
        ctl rm c
        nothing_at_runtime
    }
    each with
}

@test "a terminal comes from the runtime" {
    with() { equals "$(ctl run --rm -t --runtime "$R" "$IMG" sh -c 'test -t 0 && echo yes' </dev/null | tr -d '\r')" yes; }
    each with
}

@test "the network is ctl's: the way out, names and published ports" {
    need tun
    port=$(free_port)
    with() {
        ctl run -d --name c -p "127.0.0.1:$port:80" --runtime "$R" "$IMG" httpd -f -h /etc
        eventually curl -sf "127.0.0.1:$port/hostname"
        equals "$(curl -s "127.0.0.1:$port/hostname")" "$(ctl exec c hostname)"
        ctl rm -f -t 0 c
        equals "$(ctl run --rm --network none --runtime "$R" "$IMG" sh -c 'ip -4 addr | grep -c "inet "')" 1
    }
    each with
}

@test "volumes, read-only places and files in memory" {
    mkdir shared && echo text >shared/file
    with() {
        ctl run --rm --runtime "$R" -v "$T/shared:/s:ro" --tmpfs /m:size=1m --read-only "$IMG" \
            sh -c 'cat /s/file && ! touch /s/x 2>/dev/null && ! touch /x 2>/dev/null && touch /m/x'
        equals "$(ls shared)" file
        [ "$R" != runsc ] || return 0 # it mounts no overlays
        ctl run --rm --runtime "$R" -v "$T/shared:/s:O" "$IMG" touch /s/x
        equals "$(ls shared)" file
    }
    each with
}

@test "a secret variable is not left on the disk" {
    echo hidden-word | ctl secret create s - >/dev/null
    with() {
        ctl run -d --runtime "$R" --name c --secret s,type=env,target=S "$IMG" sh -c 'echo $S; exec sleep 100'
        eventually logs_have hidden-word
        equals "$(grep -rl hidden-word "$XDG_DATA_HOME/ctl/containers" --include=*.json)" ""
        ctl rm -f -t 0 c
        nothing_at_runtime
    }
    each with
}

@test "keep-id: the user is herself inside" {
    with() { equals "$(ctl run --rm --userns keep-id --runtime "$R" "$IMG" id -u)" "$(id -u)"; nothing_at_runtime; }
    each with
}

@test "ctl's own overlay does as a root" {
    need fuse
    with() { equals "$(ctl --storage-driver fuse run --rm --runtime "$R" "$IMG" sh -c 'echo written >/f; cat /f')" written; }
    each with
}

@test "a user of one id alone" {
    ctl --single-id --root "$T/single" load -q -i "$(fixture busybox)/docker.tar"
    equals "$(ctl --single-id --root "$T/single" run --rm --runtime "$T/ctl-oci" "$IMG" id -u)" 0
}

@test "rm forgets at the runtime what a killed monitor has left there" {
    ctl run -d --name c --runtime "$T/ctl-oci" "$IMG" sleep 100
    kill -KILL "$(ctl inspect --format '{{.State.ConmonPid}}' c)"
    [ -n "$(find "$XDG_RUNTIME_DIR/ctl/oci" -name state.json)" ]
    ctl rm -f -t 0 c
    nothing_at_runtime
}

@test "container cleanup forgets it too" {
    ctl run -d --name c --runtime "$T/ctl-oci" "$IMG" sleep 100
    kill -KILL "$(ctl inspect --format '{{.State.ConmonPid}}' c)"
    kill -KILL "$(ctl inspect --format '{{.State.Pid}}' c)"
    eventually is_exited c
    ctl container cleanup c
    nothing_at_runtime
}

@test "one that lost its monitor can be started again" {
    ctl run -d --name c --runtime "$T/ctl-oci" "$IMG" sleep 100
    kill -KILL "$(ctl inspect --format '{{.State.ConmonPid}}' c)"
    ctl stop -t 0 c
    ctl start c
    equals "$(ctl exec c echo again)" again
}

@test "the runtime is named by containers.conf, before the command, by inspect" {
    mkdir -p "$HOME/.config/containers"
    printf '[engine.runtimes]\nmine = ["%s", "%s"]\n' "$T/nothing" "$T/ctl-oci" >"$HOME/.config/containers/containers.conf"
    equals "$(ctl run --name c --runtime mine "$IMG" echo one)" one
    equals "$(ctl inspect --format '{{.OCIRuntime}}' c)" mine
    equals "$(ctl --runtime mine run --rm "$IMG" echo two)" two
    ctl create --name own --runtime ctl "$IMG" true
    equals "$(ctl inspect --format '{{.OCIRuntime}}' own)" ctl
}

@test "a runtime that is not there is an error that says where it was looked for" {
    fails_with 125 "--runtime nosuch: no such program on the PATH" run --rm --runtime nosuch "$IMG" true
    fails_with 125 "--runtime /nosuch: there is no such program" run --rm --runtime /nosuch "$IMG" true
    fails_with 125 "--runtime-flag debug: is for another runtime" run --rm --runtime-flag debug "$IMG" true
    equals "$(ctl ps -aq)" ""
}

@test "what only ctl's own runtime can do is refused by name" {
    local other=(--rm --runtime "$T/ctl-oci")
    fails_with 125 "without your own id (--userns=auto, nomap)" run "${other[@]}" --userns auto "$IMG" true
    fails_with 125 "--init with --runtime" run "${other[@]}" --init "$IMG" true
    if works runsc; then fails_with 125 "gVisor mounts no overlays" run --rm --runtime runsc -v "$T:/s:O" "$IMG" true; fi
    fails_with 125 "keep-groups is not possible with --runtime" run "${other[@]}" --group-add keep-groups "$IMG" true
    fails_with 125 "takes descriptors from 3 on without a gap" run "${other[@]}" --preserve-fd 5 "$IMG" true 5</dev/null
    ctl volume create v >/dev/null
    fails_with 125 "subpath" run "${other[@]}" --mount type=volume,source=v,destination=/v,subpath=/a "$IMG" true
    ctl run -d --name c --ipc shareable "$IMG" sleep 100
    fails_with 125 "what --ipc=container shares" run "${other[@]}" --ipc container:c "$IMG" true
}
