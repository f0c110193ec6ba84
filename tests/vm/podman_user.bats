# Podman of an ordinary user through ctl-oci.
load helper
load engine

setup() { podman_setup; }
teardown() { podman_teardown; }

@test "podman as a user: run" { it_runs; }
@test "podman as a user: exec" { it_executes; }
@test "podman as a user: stop, kill, rm" { it_stops; }
@test "podman as a user: pause" { it_pauses; }
@test "podman as a user: limits by systemd" { it_limits --cgroup-manager systemd; }
@test "podman as a user: the OOM killer" { it_tells_of_memory; }
@test "podman as a user: keep-id" { equals "$(pod_run --rm --userns keep-id localhost/busybox id -u)" "$(id -u)"; }
