# A host whose administrator has not delegated the cpu controller.
# vm: delegate memory pids
load helper

@test "a CPU limit without the cpu controller names the controller and the file that delegates it" {
    run "$PROBE" --quota 50000 true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cpus cannot be enforced: the controller cpu is not delegated to user@1000.service (which has: memory pids)"
    contains "$output" "/etc/systemd/system/user@.service.d/delegate.conf"
    contains "$output" "Delegate=cpu cpuset io memory pids"
}

@test "the limits whose controllers are delegated hold all the same" {
    run "$PROBE" --memory 33554432 sh -c 'exec tail /dev/zero'
    echo "$output"
    contains "$output" "oom_kills 1 status 9"
}
