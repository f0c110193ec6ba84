# containerd of root through ctl-oci, in place of runc below its shim.
# vm: root
load helper

setup_file() {
    systemctl start containerd
    ctr image import "$IMAGES/busybox.tar" >/dev/null
}
teardown_file() { systemctl stop containerd; }
teardown() {
    ctr task kill -s KILL c 2>/dev/null || true
    eventually no_task
    ctr container rm c 2>/dev/null || true
}
no_task() { ctr task rm c 2>/dev/null; [ -z "$(ctr task ls -q)" ]; }

ctr_run() { ctr run --runc-binary "$(dirname "$CTL")/ctl-oci" "$@"; }

@test "containerd: run" {
    run ctr_run --rm localhost/busybox:latest c sh -c 'echo out; exit 7'
    equals "$status $output" "7 out"
}

@test "containerd: exec, ps, kill" {
    ctr_run -d localhost/busybox:latest c sleep 4321
    equals "$(ctr task exec --exec-id e c echo inside)" inside
    contains "$(ctr task ps c)" "$(pgrep -x -f 'sleep 4321')"
    ctr task kill -s KILL c
    eventually no_task
}

@test "containerd: pause" {
    ctr_run -d localhost/busybox:latest c sleep 4321
    ctr task pause c
    contains "$(ctr task ls)" PAUSED
    ctr task resume c
    contains "$(ctr task ls)" RUNNING
}

@test "containerd: limits" {
    ctr_run -d --memory-limit 67108864 localhost/busybox:latest c sleep 4321
    equals "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pgrep -x -f 'sleep 4321')/cgroup")/memory.max")" 67108864
}
