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

@test "-d does not wait" {
    ctl exec -d box sh -c 'sleep 0.2; touch /later'
    eventually ctl exec box test -e /later
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
