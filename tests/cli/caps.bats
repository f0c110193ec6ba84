# What a container may do: capabilities, the system-call filter, no-new-privileges, --privileged.
load helper
setup() { setup_busybox; }

# The line NAME of /proc/self/status in a container run with ARGS.
status_line() {
    local name=$1
    shift
    ctl run --rm "$@" "$IMG" grep "^$name:" /proc/self/status | cut -f2
}

@test "the default capabilities are Podman's" {
    equals "$(status_line CapEff)" 00000000800405fb
    equals "$(status_line CapBnd)" 00000000800405fb
    equals "$(status_line CapInh)" 0000000000000000
    equals "$(status_line CapAmb)" 0000000000000000
}

@test "an ordinary user in the container has none in effect" {
    equals "$(status_line CapEff -u app)" 0000000000000000
    equals "$(status_line CapBnd -u app)" 00000000800405fb
}

@test "--cap-drop takes one, all takes all" {
    equals "$(status_line CapEff --cap-drop CHOWN)" 00000000800405fa
    equals "$(status_line CapEff --cap-drop all)" 0000000000000000
}

@test "--cap-add gives one, also after --cap-drop all" {
    equals "$(status_line CapEff --cap-drop all --cap-add net_raw)" 0000000000002000
    equals "$(status_line CapEff --cap-add CAP_NET_RAW)" 00000000800425fb
}

@test "an unknown capability is an error that names it" {
    fails_with 125 CAP_FLY run --rm --cap-add CAP_FLY "$IMG" true
}

@test "a dropped capability is really gone" {
    run_ctl run --rm --cap-drop CHOWN "$IMG" chown app /tmp
    [ "$status" -ne 0 ]
    contains "$stderr" "not permitted"
}

@test "a filter is in place unless it is turned off" {
    equals "$(status_line Seccomp)" 2
    equals "$(status_line Seccomp --security-opt seccomp=unconfined)" 0
}

@test "the default filter refuses new user namespaces, unconfined does not" {
    run_ctl run --rm "$IMG" unshare -U true
    [ "$status" -ne 0 ]
    run_ctl run --rm --security-opt seccomp=unconfined "$IMG" unshare -U true
    equals "$status" 0
}

@test "a filter of one's own is used" {
    cat >filter.json <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}
	END
    run_ctl run --rm --security-opt "seccomp=$T/filter.json" "$IMG" mkdir /x
    [ "$status" -ne 0 ]
    contains "$stderr" "not implemented"
}

@test "a filter that cannot be read is an error that names it" {
    fails_with 125 missing.json run --rm --security-opt "seccomp=$T/missing.json" "$IMG" true
    echo '{"defaultAction": "SCMP_ACT_MAYBE"}' >bad.json
    fails_with 125 bad.json run --rm --security-opt "seccomp=$T/bad.json" "$IMG" true
}

@test "no-new-privileges is set when asked for" {
    equals "$(status_line NoNewPrivs)" 0
    equals "$(status_line NoNewPrivs --security-opt no-new-privileges)" 1
}

@test "--privileged gives all capabilities and no filter, and no more than the caller is" {
    equals "$(status_line Seccomp --privileged)" 0
    [ "$(status_line CapEff --privileged)" != 00000000800405fb ]
    install -m 600 /dev/null guarded
    run_ctl run --rm --privileged -v /etc:/host:ro "$IMG" cat /host/shadow
    [ "$status" -ne 0 ]
}

@test "the program of ctl cannot be reached and written from inside" {
    run_ctl run --rm "$IMG" sh -c 'for p in /proc/[0-9]*/exe /proc/self/exe; do readlink $p; done | grep ctl; echo x >>/proc/1/exe'
    [ "$status" -ne 0 ]
    equals "$output" ""
}
