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

@test "--cpuset-cpus, --cpu-shares and --memory-reservation are refused with the names of their controllers" {
    refused --cpuset-cpus=0 cpuset
    refused --cpu-shares=512 cpu
    refused --memory-reservation=64m memory
}
@test "--cgroup-conf is refused with the name of the controller" { refused --cgroup-conf=memory.high=1000000 memory; }

@test "limits and modes that contradict each other are errors" {
    fails_with 125 "exclude each other" run --rm --cpus=1 --cpu-quota=1000 "$IMG" true
    fails_with 125 "needs --memory" run --rm --memory-swap=1g "$IMG" true
    fails_with 125 "at least --memory" run --rm --memory=1g --memory-swap=512m "$IMG" true
    fails_with 125 "exclude each other" run --rm --cgroups=disabled --memory=1g "$IMG" true
    fails_with 125 "not a control file" run --rm --cgroup-conf=../x=1 "$IMG" true
    fails_with 125 "not a block device" run --rm --device-read-bps=/dev/null:1m "$IMG" true
}

@test "--cgroups=disabled and no-conmon start like any container without limits" {
    run_ctl run --rm --cgroups=disabled "$IMG" echo started
    equals "$output" started
    run_ctl run --rm --cgroups=no-conmon "$IMG" echo started
    equals "$output" started
}

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
