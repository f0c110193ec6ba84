# A host whose administrator has not delegated the cpu controller.
# vm: delegate memory pids
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

@test "--cpus without the cpu controller names the controller and the file that delegates it" {
    run ctl run --name web --cpus=0.5 localhost/busybox true
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "--cpus cannot be enforced: the controller cpu is not delegated to user@1000.service (which has: memory pids)"
    contains "$output" "/etc/systemd/system/user@.service.d/delegate.conf"
    contains "$output" "Delegate=cpu cpuset io memory pids"
}

@test "without --cpus it runs, and the limits whose controllers are delegated hold" {
    ctl run --rm localhost/busybox true
    run ctl run --name big --memory 32m localhost/busybox tail /dev/zero
    equals "$status" 137
    equals "$(ctl inspect -f '{{.State.OOMKilled}}' big)" true
}
