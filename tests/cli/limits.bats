# Limits where they cannot be enforced: refused, never ignored. Where they can, tests/vm proves them.
load helper
setup() { setup_busybox; }

can_limit() { ctl run --rm --pids-limit 100 "$IMG" true 2>/dev/null; }

refused() { # OPTION CONTROLLER
    ! can_limit || skip "limits can be enforced here; tests/vm shows them"
    run_ctl run --rm "$1" "$IMG" true
    equals "$status" 125
    contains "$stderr" "$2"
}

@test "--cpus is refused with the name of the controller" { refused --cpus=0.5 cpu; }
@test "--memory is refused with the name of the controller" { refused --memory=64m memory; }
@test "--pids-limit is refused with the name of the controller" { refused --pids-limit=10 pids; }

@test "a limit that makes no sense is an error" {
    for option in --cpus=-1 --cpus=much --memory=1 --memory=lots --pids-limit=many; do
        run_ctl run --rm "$option" "$IMG" true
        equals "$status" 125
        contains "$stderr" "${option#*=}"
    done
}

@test "without limits a container starts on any host" {
    run_ctl run --rm "$IMG" echo started
    equals "$output" started
}
