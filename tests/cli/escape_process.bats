# Section A of the catalogue of escapes: our own executable, leaked descriptors, working directories, code and environment.
load helper
load security
setup() {
    setup_busybox
    plant_canary
}

@test "A1 CVE-2019-5736: our executable is not written through /proc/self/exe" {
    # One of the user's own, which container root could write if it got hold of it (the tested one may be root's).
    cp "$CTL" mine
    export CTL_LIBEXEC=${CTL_LIBEXEC:-$(dirname "$CTL")}
    local before
    before=$(sha256sum <mine)
    evil_image selfexe '{"Entrypoint": ["/entry"]}' <<-'END'
		{"path": "entry", "type": "symlink", "link": "/proc/self/exe"}
	END
    run ./mine run --rm selfexe --version
    ./mine run -d --name writer "$IMG" sh -c 'while :; do for p in /proc/[0-9]*/exe; do
        case $(readlink $p) in */busybox) ;; *) (echo x >>$p) && touch /wrote ;; esac; done; done 2>/dev/null' >/dev/null
    for _ in $(races); do ./mine exec writer true; done
    run ctl exec writer test -e /wrote
    equals "$status" 1
    equals "$(sha256sum <mine)" "$before"
}

@test "A2 CVE-2024-21626: a working directory in /proc/self/fd does not lead out" {
    local fd
    for fd in 3 4 5 6 7 8 9 10 11 12 20 50; do
        started_or_refused run --rm -w "/proc/self/fd/$fd" "$IMG" sh -c 'readlink /proc/self/cwd; ls ../../..'
        lacks "$output" unreachable
        lacks "$output" "$(basename "$T")"
    done
    evil_image cwd '{"WorkingDir": "/link"}' <<-'END'
		{"path": "link", "type": "symlink", "link": "/proc/self/fd/7"}
	END
    started_or_refused run --rm cwd cat ../../../../../../../../../../"$CANARY/secret"
    canary_untouched
}

@test "A2 CVE-2024-21626: nor does one of exec" {
    ctl run -d --name box "$IMG" sleep 100 >/dev/null
    local fd
    for fd in 3 4 5 6 7 8 9 10 11 12 20 50; do
        started_or_refused exec -w "/proc/self/fd/$fd" box sh -c 'readlink /proc/self/cwd; ls ../../..'
        lacks "$output" unreachable
        lacks "$output" "$(basename "$T")"
    done
    canary_untouched
}

@test "A3 CVE-2016-9962: a process that enters is not open to those inside before its exec" {
    ctl run -d --name watch "$IMG" sh -c 'while :; do for p in /proc/[0-9]*; do
        ls -l $p/fd 2>/dev/null | grep -E "'"$T"'|/etc/sub" && touch /seen; grep -l CTL_TEST $p/environ 2>/dev/null && touch /seen; done; done' >/dev/null
    export CTL_TEST_MARK=of-the-host
    for _ in $(races); do ctl exec watch true; done
    run_ctl exec watch test -e /seen
    equals "$status" 1
}

@test "A7 CVE-2020-15257: no abstract socket of ours is in the host's network namespace" {
    ctl run -d --name box --network host "$IMG" sleep 100 >/dev/null
    run_ctl exec box grep -c '@.*ctl' /proc/net/unix
    equals "$output" 0
}

@test "A9 CVE-2026-53488: labels of an image change nothing" {
    evil_image labels '{"Labels": {"io.podman.annotations.privileged": "TRUE", "run.oci.hooks.stderr": "/x", "io.containers.autoupdate": "registry", "run.oci.keep_original_groups": "1", "io.podman.annotations.seccomp": "unconfined"}}' </dev/null
    equals "$(ctl run --rm labels grep -c 'Seccomp:.2' /proc/self/status)" 1
    equals "$(ctl inspect --type image labels | jq -r '.[0].Config.Labels["run.oci.hooks.stderr"]')" /x
}

@test "A10 CVE-2021-41091: nobody else can enter the store" {
    ctl run --rm "$IMG" true
    equals "$(stat -c %a "$XDG_DATA_HOME/ctl")" 700
    # Nothing of ours is writable by others, wherever it lies (what images brought lies below the closed directory).
    equals "$(find "$XDG_DATA_HOME/ctl" "$XDG_RUNTIME_DIR" -path '*/layers/*/fs/*' -prune -o -path '*/upper/*' -prune -o \
        ! -type l -perm /002 ! -type s -print)" ""
}

@test "A12 CVE-2021-3602: the caller's environment is in no process of the container" {
    export AWS_TOKEN=$SECRET DATABASE_PASSWORD=$SECRET
    ctl run -d --name box "$IMG" sleep 100 >/dev/null
    run_ctl exec box sh -c 'cat /proc/*/environ; cat /proc/*/cmdline; env'
    canary_untouched
}
