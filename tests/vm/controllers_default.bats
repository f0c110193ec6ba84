# What Debian delegates to a user, cpu, memory and pids, and what it does not: cpuset and io.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

# refused CONTROLLER OPTION...: in one line that names the first option, the controller and what to do; no container is left.
refused() {
    local controller=$1 output status lines
    shift
    run ctl run --name refused "$@" localhost/busybox true
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "${1%%=*} cannot be enforced: the controller $controller is not delegated to user@1000.service (which has: cpu memory pids)"
    contains "$output" '"Delegate=cpu cpuset io memory pids" to /etc/systemd/system/user@.service.d/delegate.conf'
    contains "$output" "run without ${1%%=*}"
    ctl rm --force refused >/dev/null
}

@test "cpuset is not delegated: its options say so" {
    refused cpuset --cpuset-cpus=0
    refused cpuset --cpuset-mems=0
    refused cpuset --cgroup-conf=cpuset.cpus=0
}

@test "io is not delegated: its options say so" {
    refused io --blkio-weight=100
    refused io --blkio-weight-device=/dev/vda:100
    refused io --device-read-bps=/dev/vda:1mb
    refused io --device-write-bps=/dev/vda:1mb
    refused io --device-read-iops=/dev/vda:100
    refused io --device-write-iops=/dev/vda:100
    refused io "--cgroup-conf=io.max=254:0 rbps=1048576"
}

@test "two missing controllers are named in one error" {
    run ctl run --rm --cpuset-cpus=0 --device-read-bps=/dev/vda:1mb --cpus=0.5 localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cpuset-cpus and --device-read-bps cannot be enforced: the controllers cpuset, io are not delegated"
}

@test "a controller that there is not at all is missing, not undelegated" {
    run ctl run --rm --cgroup-conf=nonsense.max=1 localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cgroup-conf cannot be enforced: the controller nonsense is missing from /sys/fs/cgroup/cgroup.controllers"
}

@test "swap is counted from the memory limit: twice as much, as much as said, or without end" {
    ctl run -d --name twice --memory 32m localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of twice)/memory.swap.max")" 33554432
    ctl run -d --name same --memory 32m --memory-swap 32m localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of same)/memory.swap.max")" 0
    ctl run -d --name endless --memory 32m --memory-swap -1 localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of endless)/memory.swap.max")" max
}

@test "--memory-reservation alone needs no limit" {
    ctl run -d --name low --memory-reservation 24m localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of low)/memory.low")" 25165824
    equals "$(cat "$(cgroup_of low)/memory.max")" max
}

@test "--cgroup-conf with a file of no such name, or a value the kernel does not take, names both" {
    run ctl run --name wrong --cgroup-conf memory.nonsense=1 localhost/busybox true
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "--cgroup-conf memory.nonsense=1"
    ctl rm wrong
    run ctl run --name wrong --cgroup-conf memory.high=lots localhost/busybox true
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "--cgroup-conf memory.high=lots"
    contains "$output" "Invalid argument"
}
