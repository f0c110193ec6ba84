# shellcheck shell=bash
# Podman with ctl's OCI runtime below it: what podman_user.bats and podman_root.bats share. conmon and Podman know nothing of the
# difference.

podman() { command podman --runtime "$(dirname "$CTL")/ctl-oci" --log-level error "$@"; }
# pod_run ARGS...: a container without a network, which needs more of the machine than a runtime.
pod_run() { podman run --network none "$@"; }

podman_setup() {
    command podman image exists localhost/busybox || command podman load -q -i "$IMAGES/busybox.tar" >/dev/null
}
podman_teardown() {
    podman rm --all --force --time 0 >/dev/null
    equals "$(ctl oci --root "$(runtime_root)" list -q)" ""
}
# Where Podman has its runtime keep what it knows.
runtime_root() { if [ "$(id -u)" = 0 ]; then echo /run/ctl-oci; else echo "$XDG_RUNTIME_DIR/ctl-oci"; fi; }

pod_state() { podman inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1"; }
pod_cgroup() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' "$1")/cgroup")"; }

it_runs() {
    run pod_run --rm localhost/busybox sh -c 'echo out; exit 7'
    equals "$status $output" "7 out"
    equals "$(echo in | pod_run --rm -i localhost/busybox cat)" in
    contains "$(pod_run --rm -t localhost/busybox sh -c 'test -t 1 && echo terminal')" terminal
    run -127 pod_run --rm localhost/busybox nosuch
    run -126 pod_run --rm localhost/busybox /etc/passwd
}

it_executes() {
    pod_run -d --name c localhost/busybox sleep 4321
    run podman exec c sh -c 'echo inside; exit 9'
    equals "$status $output" "9 inside"
    contains "$(podman exec -t c sh -c 'test -t 1 && echo terminal')" terminal
    podman exec -d c touch /tmp/detached
    eventually podman exec c test -e /tmp/detached
    contains "$(podman top c)" "sleep 4321"
}

it_stops() {
    pod_run -d --name c localhost/busybox sh -c 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    eventually grep -q ready <(podman logs c)
    podman stop c
    equals "$(pod_state c)" "exited 3 false"
    podman start c
    podman kill c
    podman wait c
    equals "$(pod_state c)" "exited 137 false"
    podman rm c
}

it_pauses() {
    pod_run -d --name c localhost/busybox sleep 4321
    podman pause c
    equals "$(cat "$(pod_cgroup c)/cgroup.freeze")" 1
    equals "$(pod_state c)" "paused 0 false"
    podman unpause c
    equals "$(cat "$(pod_cgroup c)/cgroup.freeze")" 0
}

# it_limits OPTIONS OF PODMAN...: the limits of `run` and `update` are in force.
it_limits() {
    podman "$@" run --network none -d --name c --memory 64m --pids-limit 30 --cpus 0.5 localhost/busybox sleep 4321
    local cgroup
    cgroup=$(pod_cgroup c)
    equals "$(cat "$cgroup/memory.max") $(cat "$cgroup/pids.max") $(cat "$cgroup/cpu.max")" "67108864 30 50000 100000"
    podman update --memory 96m c
    equals "$(cat "$cgroup/memory.max")" 100663296
    podman rm -f -t 0 c
    [ ! -e "$cgroup" ]
}

# told_of_memory RUNTIME: that a container was killed for its memory. conmon reads the counter of a cgroup that systemd may have removed
# by then: it may take a few times.
told_of_memory() {
    for _ in 1 2 3 4 5; do
        run command podman --runtime "$1" run --network none --replace --name big --memory 32m localhost/busybox tail /dev/zero
        equals "$status" 137
        if [ "$(pod_state big)" = "exited 137 true" ]; then podman rm big; return 0; fi
    done
    podman rm big
    return 1
}
it_tells_of_memory() {
    case $(conmon --version) in *" 2.1.6"*) skip "conmon 2.1.6 tells of it with no runtime, neither crun nor runc" ;; esac
    told_of_memory runc || skip "this conmon tells of it with no runtime"
    told_of_memory "$(dirname "$CTL")/ctl-oci"
}
