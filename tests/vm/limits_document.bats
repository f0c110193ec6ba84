# Limits that no option of ctl's asks for: they come with a config.json of somebody else's.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

@test "a burst and idleness stand in the control files, and an update keeps them" {
    id=$(ctl create --name idle --cpus 0.5 --cpu-shares 512 localhost/busybox sleep 4321)
    config=$(find "$HOME" -path "*/$id/config.json")
    sed -i 's/^ *"cpu": {$/&"burst": 20000, "idle": 1,/' "$config"
    ctl start idle
    cgroup=$(cgroup_of idle)
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
    equals "$(cat "$cgroup/cpu.max.burst")" 20000
    equals "$(cat "$cgroup/cpu.idle")" 1
    # The kernel takes neither a quota below the burst nor a weight for what is idle.
    ctl update --cpu-quota 30000 --cpu-shares 2048 idle
    equals "$(cat "$cgroup/cpu.max")" "30000 100000"
    equals "$(cat "$cgroup/cpu.max.burst")" 20000
    equals "$(cat "$cgroup/cpu.idle")" 1
    run ctl update --cpu-quota 10000 idle
    equals "$status" 125
    contains "$output" "linux.resources.cpu.burst 20000 is more than the quota of 10000"
    equals "$(cat "$cgroup/cpu.max")" "30000 100000"
}
