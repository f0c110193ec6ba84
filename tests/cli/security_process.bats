# Rows A: our own executable, leaked descriptors, the working directory, environments, what images may make us do.
load security_helper
setup() { setup_canary; ORIGINAL=$CTL; }
teardown() { CTL=$ORIGINAL; ctl_teardown; }

# A program of ctl that the container's root owns: the worst case for /proc/PID/exe.
own_ctl() {
    mkdir -p "$T/bin"
    cp "$CTL" "$T/bin/ctl"
    before=$(sha256sum <"$T/bin/ctl")
    CTL=$T/bin/ctl
}

@test "A1 CVE-2019-5736: ctl cannot be overwritten through /proc/1/exe, during run and exec" {
    own_ctl
    ctl run -d --name c "$IMG" sh -c 'while :; do for p in /proc/[0-9]*/exe; do echo broken >>$p; done; done 2>/dev/null'
    for _ in $(seq 20); do ctl exec c true; done
    ctl rm --force --time 0 c
    equals "$(sha256sum <"$T/bin/ctl")" "$before"
}

@test "A1 CVE-2019-5736: an entry point that runs /proc/self/exe gets no way to write ctl" {
    hostile_image self '[{"path": "evil", "mode": "0755", "content": "#!/proc/self/exe\n"}]' '{"Entrypoint": ["/evil"], "Cmd": []}'
    own_ctl
    for _ in 1 2 3; do ends_cleanly run --rm "$IMG"; done
    ends_cleanly run --rm --entrypoint sh "$IMG" -c '(for i in $(seq 2000); do echo broken >>/proc/1/exe; done 2>/dev/null) & sleep 0.1; exec /evil'
    equals "$(sha256sum <"$T/bin/ctl")" "$before"
    untouched
}

@test "A1 CVE-2019-5736: what keeps ctl's file open while exec runs it cannot write it afterwards" {
    hostile_image self '[{"path": "evil", "mode": "0755", "content": "#!/proc/self/exe\n"}]'
    # Whatever process is no busybox: hold its program open, and try to write as soon as nothing runs it any more.
    ctl run -d --name c "$IMG" sh -c 'while :; do for p in /proc/[0-9]*/exe; do
        case $(readlink $p) in */busybox | "") continue ;; esac
        (exec 3<$p; for i in $(seq 300); do (echo broken >/proc/self/fd/3) && exit; done) & done; done 2>/dev/null'
    own_ctl # another file than the monitor runs, as after an upgrade: nothing else keeps it busy
    for _ in $(seq "$RACES"); do ends_cleanly exec c /evil; done
    sleep 0.5
    equals "$(sha256sum <"$T/bin/ctl")" "$before"
}

@test "A2 CVE-2024-21626: a working directory of run or image behind a descriptor is refused" {
    for fd in 3 4 5 6 7 8 9 10 11 12 15 20 30; do
        ends_cleanly run --rm -w /proc/self/fd/$fd "$IMG" sh -c 'cat ../../../../../../etc/shadow; ls -a ..'
        [ "$status" -ne 0 ]
        lacks "$output" "root:"
    done
    hostile_image cwd "[$(symlink via /proc/self/fd/7)]" '{"WorkingDir": "/via"}'
    ends_cleanly run --rm "$IMG" pwd
    [ "$status" -ne 0 ]
    ctl run -d --name c -w / "$IMG" sleep 1000
    for fd in 3 4 5 6 7 8 9 10; do
        ends_cleanly exec -w /proc/self/fd/$fd c pwd
        [ "$status" -ne 0 ]
        ends_cleanly exec -w /via c pwd
        [ "$status" -ne 0 ]
    done
}

@test "A2 CVE-2024-21626: a container has no descriptor beyond its three, whatever the caller has open" {
    exec 7<"$HOME/canary/secret" 8<"$HOME/canary"
    run_ctl run --rm "$IMG" sh -c 'ls /proc/self/fd; readlink /proc/self/cwd'
    exec 7<&- 8<&-
    equals "$(grep -cE '^[0-9]+$' <<<"$output")" 4 # 0 1 2 and that of ls
    lacks "$output" unreachable
    ctl run -d --name c "$IMG" sleep 1000
    run_ctl exec c sh -c 'ls /proc/1/fd | wc -l; ls /proc/self/fd | wc -l'
    equals "$output" $'3\n4'
}

@test "A3 CVE-2016-9962: a container cannot look into what enters it by exec" {
    ctl run -d --name c "$IMG" sh -c 'while :; do cat /proc/[0-9]*/environ; ls -l /proc/[0-9]*/fd /proc/[0-9]*/cwd; done 2>/dev/null'
    for _ in $(seq "$RACES"); do HOST_MARKER=$SECRET ctl exec c true; done
    output=$(ctl logs c | tr '\0' '\n')
    lacks "$output" HOST_MARKER
    lacks "$output" "$XDG_DATA_HOME"
    untouched
}

@test "A7 CVE-2020-15257: no control socket is reachable through the host's abstract names" {
    ctl run -d --name c "$IMG" sleep 1000
    run_ctl run --rm --network=host "$IMG" cat /proc/net/unix
    equals "$status" 0
    contains "$output" Path # /proc/net/unix was read
    if grep -E '@.*(ctl|monitor|attach)' <<<"$output"; then return 1; fi
    while read -r socket; do equals "$(stat -c %a "$(dirname "$socket")")" 700; done < <(find "$XDG_RUNTIME_DIR" -type s)
}

@test "A9 CVE-2026-53488: labels and annotations of an image are data and change nothing" {
    hostile_image labels '[]' "$(jq -nc --arg f "$HOME/canary/file" '{Labels: {"run.oci.hooks": $f, "run.oci.keep_original_groups": "1",
        "run.oci.seccomp_fail_unknown_syscall": "0", "org.criu.config": $f, "io.podman.annotations.privileged": "TRUE",
        "io.containers.capabilities": "SYS_ADMIN", "io.podman.annotations.seccomp": "unconfined", "run.oci.handler": "krun"}}')"
    run_ctl run --rm "$IMG" sh -c 'grep -E "CapEff|Seccomp:" /proc/self/status | cut -f2'
    equals "$output" $'00000000800405fb\n2'
    untouched
}

@test "A10 CVE-2021-41091: other users stop at the first directory, and nothing of ours is writable for them" {
    ctl run -d --name c -v vol:/v "$IMG" sleep 1000
    equals "$(stat -c %a "$XDG_DATA_HOME/ctl")" 700
    for dir in "$XDG_RUNTIME_DIR"/ctl*; do [ ! -e "$dir" ] || equals "$(stat -c %a "$dir")" 700; done
    run find "$XDG_DATA_HOME/ctl" -maxdepth 3 -type f -perm /o+w
    equals "$output" ""
}

@test "A12 CVE-2020-14370: the caller's environment stays outside" {
    for i in $(seq 50); do export "MARK_${i}_TOKEN=$SECRET"; done
    export HTTP_MARK=$SECRET LD_MARK=$SECRET CTL_MARK=$SECRET
    run_ctl run --rm "$IMG" sh -c 'env; tr "\0" "\n" </proc/1/environ'
    lacks "$output" MARK
    ctl run -d --name c "$IMG" sleep 1000
    run_ctl exec c sh -c 'env; cat /proc/*/environ | tr "\0" "\n"'
    lacks "$output" MARK
    run_ctl inspect c
    lacks "$output" "$SECRET"
}
