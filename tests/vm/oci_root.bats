# The OCI runtime as root: cgroups by cgroupfs and by systemd, limits that hold, devices.
# vm: root
load helper
load oci_bundle

setup() {
    D=$(mktemp -d)
    make_bundle "$D"
}
teardown() {
    for id in $(ctl oci list -q); do ctl oci delete --force "$id"; done
    rm -rf "$D"
    [ ! -e /sys/fs/cgroup/ctl-test/one ]
    rmdir /sys/fs/cgroup/ctl-test 2>/dev/null || true
}

@test "cgroupfs: the limits stand where linux.cgroupsPath says, and go with the container" {
    runs "$D" "sleep 1000"
    limits "$D" /ctl-test/one '{"memory": {"limit": 52428800}, "cpu": {"quota": 50000, "period": 100000}, "pids": {"limit": 20}}'
    ctl oci run -d -b "$D" one
    cd /sys/fs/cgroup/ctl-test/one
    equals "$(cat memory.max) $(cat cpu.max) $(cat pids.max)" "52428800 50000 100000 20"
    equals "$(ctl oci ps -f json one)" "[$(cat cgroup.procs)]"
    ctl oci update --memory 62914560 --pids-limit 30 one
    equals "$(cat memory.max) $(cat cpu.max) $(cat pids.max)" "62914560 50000 100000 30"
    contains "$(ctl oci events --stats one)" '"limit":62914560'
    cd /
    ctl oci delete -f one
    [ ! -e /sys/fs/cgroup/ctl-test/one ]
}

@test "cgroupfs: what is paused stands still, and exec is in the container's cgroup" {
    runs "$D" "while true; do read -t 0.1 </dev/zero; echo x >>/dev/null; done"
    limits "$D" /ctl-test/one '{}'
    ctl oci run -d -b "$D" one
    ctl oci exec -d one sleep 100
    equals "$(wc -w </sys/fs/cgroup/ctl-test/one/cgroup.procs)" 2
    ctl oci pause one
    contains "$(ctl oci state one)" '"status": "paused"'
    equals "$(value_of /sys/fs/cgroup/ctl-test/one/cgroup.events frozen)" 1
    run ctl oci exec one true
    equals "$status" 255
    ctl oci resume one
    contains "$(ctl oci state one)" '"status": "running"'
    ctl oci kill --all one KILL
    eventually test ! -s /sys/fs/cgroup/ctl-test/one/cgroup.procs
}

@test "cgroupfs: a memory limit holds, and its OOM kill is an event" {
    runs "$D" "sleep 3; tail /dev/zero; sleep 1000"
    limits "$D" /ctl-test/one '{"memory": {"limit": 20971520, "swap": 20971520}}'
    ctl oci run -d -b "$D" one
    ctl oci events --interval 1s one >"$D/events" &
    eventually grep -q '"type":"oom"' "$D/events"
    kill $!
}

@test "cgroupfs: a cgroup that others use is refused and left alone" {
    mkdir -p /sys/fs/cgroup/ctl-test/one
    sleep 1000 &
    echo $! >/sys/fs/cgroup/ctl-test/one/cgroup.procs
    limits "$D" /ctl-test/one '{}'
    run ctl oci create -b "$D" one
    equals "$status" 1
    contains "$output" "still has processes"
    kill -0 $!
    kill $!
    wait $! || true
    eventually rmdir /sys/fs/cgroup/ctl-test/one
}

@test "systemd: the container is in a scope of the slice and the name that are asked for" {
    runs "$D" "sleep 1000"
    limits "$D" system.slice:ctl-test:two '{"memory": {"limit": 52428800}}'
    ctl oci --systemd-cgroup run -d -b "$D" two
    systemctl is-active ctl-test-two.scope
    contains "$(systemctl show -P ControlGroup ctl-test-two.scope)" /system.slice/ctl-test-two.scope
    equals "$(cat /sys/fs/cgroup/system.slice/ctl-test-two.scope/container/memory.max)" 52428800
    ctl oci delete -f two
    eventually test ! -e /sys/fs/cgroup/system.slice/ctl-test-two.scope
}

@test "devices: nodes are made, and those that are not allowed cannot be opened" {
    runs "$D" "head -c 1 /dev/extra; head -c 1 /dev/vt; echo ended"
    limits "$D" /ctl-test/one '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 5, "access": "r"}]}, "devices": [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 5}, {"path": "/dev/vt", "type": "c", "major": 4, "minor": 0}]'
    run ctl oci run -b "$D" one
    contains "$output" "/dev/vt: Operation not permitted"
    contains "$output" ended
}

@test "an idmapped mount shows the ids that it maps to" {
    mkdir "$D/shared"
    touch "$D/shared/file"
    local maps='"uidMappings": [{"containerID": 0, "hostID": 70000, "size": 100}], "gidMappings": [{"containerID": 0, "hostID": 80000, "size": 100}]'
    sed -i "s|^ *\"mounts\": \[|&{\"destination\": \"/s\", \"type\": \"bind\", \"source\": \"shared\", \"options\": [\"bind\", \"idmap\"], $maps},|" "$D/config.json"
    runs "$D" "busybox stat -c %u:%g /s/file"
    equals "$(ctl oci run -b "$D" one)" 70000:80000
    equals "$(stat -c %u:%g "$D/shared/file")" 0:0
}

@test "cgroupfs: the parents that create made go with the container, those that were there stay" {
    limits "$D" /ctl-test/deep/one '{"pids": {"limit": 20}}'
    runs "$D" "sleep 1000"
    ctl oci run -d -b "$D" one
    [ -d /sys/fs/cgroup/ctl-test/deep/one ]
    ctl oci delete -f one
    [ ! -e /sys/fs/cgroup/ctl-test ]
    mkdir /sys/fs/cgroup/ctl-test
    ctl oci run -d -b "$D" one
    ctl oci delete -f one
    [ ! -e /sys/fs/cgroup/ctl-test/deep ]
    [ -d /sys/fs/cgroup/ctl-test ]
}

@test "cgroupfs: a relative path counts from the runtime's own cgroup, every time" {
    limits "$D" ctl-relative/one '{}'
    runs "$D" "cat /proc/1/cgroup"
    sed -i -z 's/,\n *{\n *"type": "cgroup"\n *}//' "$D/config.json" # the namespace, in which every path is /
    local own
    own=$(sed -n 's/^0:://p' /proc/self/cgroup)
    for _ in 1 2; do contains "$(ctl oci run -b "$D" one)" "0::${own%/}/ctl-relative/one"; done
}

@test "cgroupfs: unified is written as it is, and a controller that is not there is an error" {
    runs "$D" "sleep 1000"
    limits "$D" /ctl-test/one '{"unified": {"memory.high": "33554432"}}'
    ctl oci run -d -b "$D" one
    equals "$(cat /sys/fs/cgroup/ctl-test/one/memory.high)" 33554432
    ctl oci delete -f one
    sed -i 's/memory.high/lunch.max/' "$D/config.json"
    run ctl oci create -b "$D" one
    equals "$status" 1
    contains "$output" lunch
}

# A console, which the kernel lets root open without any capability.
@test "devices: the rules hold in their order" {
    runs "$D" ": </dev/vt; echo opened"
    limits "$D" /ctl-test/one '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 4, "minor": 0, "access": "r"}, {"allow": false, "type": "c", "major": 4, "minor": 0, "access": "r"}]}, "devices": [{"path": "/dev/vt", "type": "c", "major": 4, "minor": 0}]'
    run ctl oci run -b "$D" one
    contains "$output" "/dev/vt: Operation not permitted"
    sed -i 's/"allow": false, "type"/"allow": true, "type"/' "$D/config.json"
    run ctl oci run -b "$D" one
    equals "$output" opened
}

@test "a mount namespace to join is the container's, which takes what is mounted there and gives it its root" {
    mkdir "$D/seen"
    unshare --mount --propagation private sh -c "mount -t tmpfs t $D/seen; echo inside >$D/seen/file; exec sleep 1000" 3>&- 4>&- &
    local joined=$!
    eventually grep -q "$D/seen" "/proc/$joined/mountinfo"
    sed -i "s|\"type\": \"mount\"|&, \"path\": \"/proc/$joined/ns/mnt\"|; s|^ *\"mounts\": \[|&{\"destination\": \"/s\", \"type\": \"bind\", \"source\": \"$D/seen\", \"options\": [\"rbind\"]},|" "$D/config.json"
    runs "$D" "cat /s/file; busybox readlink /proc/self/ns/mnt"
    equals "$(ctl oci run -b "$D" one)" "$(printf 'inside\n%s' "$(readlink "/proc/$joined/ns/mnt")")"
    contains "$(head -1 "/proc/$joined/mountinfo")" "$D/rootfs / "
    kill "$joined"
}
