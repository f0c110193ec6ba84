# Podman of root through ctl-oci.
# vm: root
load helper
load engine

setup() { podman_setup; }
teardown() { podman_teardown; }

@test "podman as root: run" { it_runs; }
@test "podman as root: exec" { it_executes; }
@test "podman as root: stop, kill, rm" { it_stops; }
@test "podman as root: pause" { it_pauses; }
@test "podman as root: limits by systemd" { it_limits --cgroup-manager systemd; }
@test "podman as root: limits by cgroupfs" { it_limits --cgroup-manager cgroupfs; }
@test "podman as root: the OOM killer" { it_tells_of_memory; }

@test "podman as root: devices are held by the cgroup" {
    pod_run -d --name c --cap-add MKNOD localhost/busybox sleep 4321
    run podman exec c sh -c 'mknod /tmp/d b 7 0 && dd if=/tmp/d count=1' # without a filter: no such device, or its content
    contains "$output" "can't open '/tmp/d': Operation not permitted"
    pod_run --rm --device /dev/loop-control localhost/busybox test -c /dev/loop-control
}
