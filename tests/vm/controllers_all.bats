# A host whose administrator has delegated every controller: cpuset and io as well.
# vm: delegate cpu cpuset io memory pids
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

# The line of the disk in a nested keyed file.
of_disk() { grep "^$(stat -c '%Hr:%Lr' /dev/vda) " "$1"; }

@test "--cpuset-cpus and --cpuset-mems hold the container to its processors" {
    ctl run -d --name set --cpuset-cpus 1 --cpuset-mems 0 localhost/busybox sleep 4321
    cgroup=$(cgroup_of set)
    equals "$(cat "$cgroup/cpuset.cpus.effective")" 1
    equals "$(cat "$cgroup/cpuset.mems.effective")" 0
    equals "$(ctl exec set sh -c 'grep Cpus_allowed_list /proc/self/status | tr -d "\t"')" Cpus_allowed_list:1
    equals "$(ctl exec set nproc)" 1
}

@test "a list of processors may be written in any way the kernel reads" {
    ctl run -d --name set --cpuset-cpus 0,1 localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of set)/cpuset.cpus.effective")" 0-1
}

@test "a processor that there is not is an error that names the option" {
    run ctl run --name set --cpuset-cpus 7 localhost/busybox true
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "--cpuset-cpus 7"
    contains "$output" "0-1"
    run ctl run --rm --cpuset-mems 5 localhost/busybox true
    echo "$output"
    contains "$output" "--cpuset-mems 5"
    run ctl run --rm --cpuset-cpus zero localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--cpuset-cpus zero"
}

@test "rates of a device stand in io.max" {
    ctl run -d --name rates --device-read-bps /dev/vda:1mb --device-write-bps /dev/vda:2mb --device-read-iops /dev/vda:300 \
        --device-write-iops /dev/vda:400 localhost/busybox sleep 4321
    equals "$(of_disk "$(cgroup_of rates)/io.max")" "$(stat -c '%Hr:%Lr' /dev/vda) rbps=1048576 wbps=2097152 riops=300 wiops=400"
}

@test "--device-write-bps slows the container's writes down" {
    ctl run -d --name slow --device-write-bps /dev/vda:1mb -v "$HOME:/host" localhost/busybox sleep 4321
    from=$(uptime_us)
    ctl exec slow dd if=/dev/zero of=/host/slow bs=1M count=4 conv=fsync
    wall=$(($(uptime_us) - from))
    rm "$HOME/slow"
    more_than "$wall" 2500000
}

@test "weights stand in the file that this kernel has" {
    ctl run -d --name weight --blkio-weight 500 localhost/busybox sleep 4321
    cgroup=$(cgroup_of weight)
    if [ -e "$cgroup/io.bfq.weight" ]; then equals "$(cat "$cgroup/io.bfq.weight")" "default 500"
    else equals "$(cat "$cgroup/io.weight")" "default 4950"; fi
}

@test "a weight for a device whose requests nobody weighs is an error that says so" {
    run ctl run -d --name weight --blkio-weight-device /dev/vda:1000 localhost/busybox sleep 4321
    echo "$output"
    equals "$status" 125
    contains "$output" "--blkio-weight-device $(stat -c '%Hr:%Lr' /dev/vda): nothing weighs the requests to this device"
    contains "$output" "bfq"
}

@test "a processor that the cgroup above may not use is an error, not a limit without effect" {
    systemctl --user set-property --runtime app.slice AllowedCPUs=0
    run ctl run --name set --cpuset-cpus 1 localhost/busybox true
    systemctl --user revert app.slice
    echo "$output"
    equals "$status" 125
    contains "$output" "--cpuset-cpus 1 (there are 0): only 0 can be used in the cgroup it would be in"
}

@test "a device that there is not is an error" {
    run ctl run --rm --device-read-bps /dev/nowhere:1mb localhost/busybox true
    echo "$output"
    equals "$status" 125
    contains "$output" "--device-read-bps /dev/nowhere: No such file or directory"
}

@test "update changes processors and rates of a running container" {
    ctl run -d --name change --cpus 0.5 localhost/busybox sleep 4321
    ctl update --cpuset-cpus 0 --device-read-bps /dev/vda:1mb change
    cgroup=$(cgroup_of change)
    equals "$(cat "$cgroup/cpuset.cpus.effective")" 0
    contains "$(of_disk "$cgroup/io.max")" rbps=1048576
    ctl update --device-read-bps /dev/vda:0 change
    run of_disk "$cgroup/io.max"
    equals "$output" ""
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
}

@test "stats counts what a container reads and writes" {
    ctl run -d --name io --memory 64m --device-read-bps /dev/vda:100mb -v "$HOME:/host" localhost/busybox sleep 4321
    ctl exec io dd if=/dev/zero of=/host/written bs=1M count=3 conv=fsync
    rm "$HOME/written"
    run ctl stats --no-stream --format '{{.BlockIO}}' io
    echo "$output"
    cat "$(cgroup_of io)/io.stat"
    contains "$output" "/ 3."
}
