# ctl run: output, exit codes, standard input, what the command sees of the words the user typed.
load helper
setup() { setup_busybox; }

@test "prints what the container prints, each stream to its own" {
    run_ctl run --rm "$IMG" sh -c 'echo to-out; echo to-err >&2'
    equals "$status" 0
    equals "$output" to-out
    equals "$stderr" to-err
}

@test "exits with the command's exit code" {
    run_ctl run --rm "$IMG" sh -c 'exit 42'
    equals "$status" 42
}

@test "exits with 128 and the number of the signal that ended the command" {
    run_ctl run --rm --init "$IMG" sh -c 'kill -TERM $$'
    equals "$status" 143
}

@test "a command that is not there ends with 127" {
    fails_with 127 no-such-program run --rm "$IMG" no-such-program
}

@test "a command that is not executable ends with 126" {
    fails_with 126 /etc/passwd run --rm "$IMG" /etc/passwd
}

@test "an image that is not there ends with 125" {
    fails_with 125 nowhere run --rm --pull=never localhost/nowhere:1 true
}

@test "an unknown option ends with 125" {
    run_ctl run --no-such-option "$IMG" true
    equals "$status" 125
    contains "$stderr" no-such-option
}

@test "an option of Podman's that does not exist here yet says so" {
    run_ctl run --rm --health-cmd true "$IMG" true
    equals "$status" 125
    contains "$stderr" "not supported yet"
}

@test "options after the image belong to the command" {
    run_ctl run --rm "$IMG" echo --rm -d --name x
    equals "$output" "--rm -d --name x"
}

@test "the image's command runs when none is given" {
    run --separate-stderr "$CTL" run --rm -i "$IMG" <<<'echo from-the-shell'
    equals "$output" from-the-shell
}

@test "standard input reaches the command with -i" {
    run --separate-stderr "$CTL" run --rm -i "$IMG" cat <<<'through the pipe'
    equals "$output" "through the pipe"
}

@test "without -i the command reads an end of file" {
    run --separate-stderr "$CTL" run --rm "$IMG" cat <<<'not for it'
    equals "$status" 0
    equals "$output" ""
}

@test "a megabyte passes through whole in both directions" {
    head -c 1000000 /dev/urandom >blob
    run --separate-stderr bash -c '"$CTL" run --rm -i "$0" cat <blob | cmp - blob' "$IMG"
    equals "$status" 0
}

@test "several containers run at the same time" {
    local pids=()
    for i in 1 2 3 4; do
        "$CTL" run --rm "$IMG" echo "answer $i" >"out$i" &
        pids+=($!)
    done
    wait "${pids[@]}" # by pid: bats has a child of its own, the time limit
    equals "$(cat out1 out2 out3 out4)" $'answer 1\nanswer 2\nanswer 3\nanswer 4'
}

@test "-d prints the id and returns while the container runs" {
    run_ctl run -d --name bg "$IMG" sleep 100
    equals "$status" 0
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    equals "$(state_of bg)" running
    equals "$(ctl inspect --format '{{.Id}}' bg)" "$output"
}

@test "-d reports a command that is not there, with 127" {
    fails_with 127 no-such-program run -d "$IMG" no-such-program
}

@test "--rm leaves no container behind" {
    ctl run --rm "$IMG" true
    equals "$(ctl ps --all --quiet)" ""
}

@test "--rm removes a detached container when it ends" {
    ctl run -d --rm --name brief "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.1; done'
    equals "$(ctl ps --quiet | wc -l)" 1
    ctl exec brief touch /go
    eventually bash -c '[ -z "$("$CTL" ps --all --quiet)" ]'
}

@test "a name can be used once" {
    ctl run -d --name taken "$IMG" sleep 100
    fails_with 125 taken run -d --name taken "$IMG" sleep 100
}

@test "a name with other characters than [a-zA-Z0-9_.-] is refused" {
    run_ctl run --rm --name 'a/b' "$IMG" true
    equals "$status" 125
}

@test "--entrypoint replaces the image's entry point" {
    run_ctl run --rm --entrypoint /bin/echo "$IMG" from entrypoint
    equals "$output" "from entrypoint"
}

@test "killing the CLI does not kill a detached container" {
    ctl run -d --name survivor "$IMG" sleep 100 # the CLI has ended here already
    eventually is_running survivor
    ctl exec survivor true
}

@test "killing an attached CLI leaves the container running" {
    "$CTL" run --name attached "$IMG" sleep 100 &
    local cli=$!
    eventually is_running attached
    kill -KILL $cli
    wait $cli || true
    ctl exec attached true
    equals "$(state_of attached)" running
}

@test "signals are passed on to the container" {
    "$CTL" run --name trap "$IMG" sh -c 'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.1; done' >out &
    local cli=$! status=0
    eventually grep -q ready out
    kill -TERM $cli
    wait $cli || status=$?
    equals "$status" 7
    contains "$(cat out)" caught
}

@test "no descriptor of the host leaks into the container" {
    exec 9<"$HOME/.."
    run_ctl run --rm "$IMG" ls /proc/self/fd
    exec 9<&-
    equals "$(tr '\n' ' ' <<<"$output")" "0 1 2 3 " # 3 is ls reading the directory
}

@test "the container does not see the host's files or processes" {
    echo secret >"$HOME/canary"
    run_ctl run --rm "$IMG" sh -c "cat $HOME/canary; ps | wc -l"
    lacks "$output" secret
    [ "${lines[-1]}" -le 6 ]
}

@test "a closed standard stream is taken for an empty one" {
    equals "$("$CTL" run --rm "$IMG" echo said <&-)" said
    "$CTL" run --rm "$IMG" sh -c 'echo said >&2' >&- 2>err
    equals "$(cat err)" said
}
