# ctl exec: another process in a running container.
load helper
setup() {
    setup_busybox
    ctl run -d --name box -e FROM_RUN=yes "$IMG" sleep 1000 >/dev/null
}

@test "runs in the container's namespaces and file system" {
    ctl exec box sh -c 'echo made >/file'
    run_ctl exec box cat /file
    equals "$output" made
    equals "$(ctl exec box hostname)" "$(ctl inspect --format '{{.Id}}' box | cut -c1-12)"
    contains "$(ctl exec box ps)" "sleep 1000"
}

@test "exits with the command's exit code" {
    run_ctl exec box sh -c 'exit 33'
    equals "$status" 33
}

@test "exits with 128 and the signal's number" {
    run_ctl exec box sh -c 'kill -KILL $$'
    equals "$status" 137
}

@test "a command that is not there ends with 127" {
    fails_with 127 no-such-program exec box no-such-program
}

@test "a command that is not executable ends with 126" {
    fails_with 126 /etc/passwd exec box /etc/passwd
}

@test "a container that does not run ends with an error that names it" {
    ctl kill box
    ctl wait box
    run_ctl exec box true
    equals "$status" 125
    contains "$stderr" box
}

@test "keeps the streams apart" {
    run_ctl exec box sh -c 'echo out; echo err >&2'
    equals "$output" out
    equals "$stderr" err
}

@test "-i passes standard input" {
    run --separate-stderr "$CTL" exec -i box wc -c <<<'12345'
    equals "$output" 6
}

@test "the environment is the container's, -e adds to it" {
    run_ctl exec -e ADDED=too box env
    contains "$output" FROM_RUN=yes
    contains "$output" ADDED=too
}

@test "-w and -u" {
    run_ctl exec -w /home/app -u app box sh -c 'pwd; id -un'
    equals "$output" $'/home/app\napp'
}

@test "the capabilities and the filter are the container's" {
    local inside
    inside=$(ctl exec box grep -E 'CapBnd|CapEff|Seccomp:|NoNewPrivs' /proc/1/status)
    equals "$(ctl exec box grep -E 'CapBnd|CapEff|Seccomp:|NoNewPrivs' /proc/self/status)" "$inside"
}

@test "no descriptor of the host leaks into it" {
    exec 9<"$HOME/.."
    run_ctl exec box ls /proc/self/fd
    exec 9<&-
    equals "$(tr '\n' ' ' <<<"$output")" "0 1 2 3 "
}

@test "-d does not wait, prints an id, and inspect tells how it ended" {
    local id
    id=$(ctl exec -d box sh -c 'while [ ! -e /go ]; do sleep 0.1; done; exit 7')
    [[ $id =~ ^[0-9a-f]{64}$ ]]
    execs() { ctl inspect --format "$1" box; }
    equals "$(execs '{{range .ExecIDs}}{{.}} {{end}}')" "$id "
    ctl exec box touch /go
    eventually sh -c '[ -z "$("$CTL" inspect --format "{{range .ExecIDs}}{{.}}{{end}}" box)" ]'
    equals "$(execs '{{range .ExecSessions}}{{.ID}} {{.Running}} {{.ExitCode}}{{end}}')" "$id false 7"
}

@test "-d reports a command that cannot be started, and leaves no record of it" {
    fails_with 127 no-such-program exec -d box no-such-program
    equals "$(ctl inspect --format '{{len .ExecSessions}}' box)" 0
}

@test "-d: the end of the container is the end of the command" {
    ctl exec -d box sleep 1000 >/dev/null
    ctl kill box >/dev/null
    eventually sh -c '[ "$("$CTL" inspect --format "{{range .ExecSessions}}{{.Running}} {{.ExitCode}}{{end}}" box)" = "false 137" ]'
}

@test "-dt gives the command a terminal that nobody has to read" {
    ctl exec -dt box sh -c 'test -t 1 && seq 20000 && touch /done' >/dev/null
    eventually ctl exec box test -e /done
}

@test "-l and --cidfile stand for the container" {
    ctl inspect --format '{{.Id}}' box >cid
    ctl run -d --name other "$IMG" sleep 1000 >/dev/null
    equals "$(ctl exec -l hostname)" "$(ctl inspect --format '{{.Id}}' other | cut -c1-12)"
    equals "$(ctl exec --cidfile cid hostname)" "$(cut -c1-12 cid)"
    fails_with 125 "missing argument COMMAND" exec box
    fails_with 125 "missing argument CONTAINER" exec
    fails_with 125 "exclude each other" exec -l --cidfile cid true
}

@test "binary data passes both ways unchanged" {
    head -c 3000000 /dev/urandom >bytes
    ctl exec -i box cat <bytes | cmp - bytes
    ctl exec -i box cat <bytes >copy
    cmp copy bytes
    cat bytes | ctl exec -i box sh -c 'cat >&2' 2>copy | cat
    cmp copy bytes
}

@test "twenty at a time all answer" {
    local pids=()
    for i in $(seq 20); do
        "$CTL" exec box echo "n$i" >"out$i" &
        pids+=($!)
    done
    wait "${pids[@]}"
    equals "$(cat out* | sort -u | wc -l)" 20
}

@test "exec enters a container that runs with --init" {
    ctl run -d --init --name c "$IMG" sleep 1000
    contains "$(ctl exec c ps)" ctl-init
    equals "$(ctl exec -u app c id -un)" app
}
