# The rest of the options about limits and where they are held, and systemd's view of a container's service.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    systemctl --user stop ctl-test-service.service 2>/dev/null
    remove_containers
    nothing_left
}

@test "shares, reservation and swap stand in their control files" {
    ctl run -d --name many --cpu-shares 1024 --memory 64m --memory-swap 96m --memory-reservation 32m localhost/busybox sleep 4321
    cgroup=$(cgroup_of many)
    equals "$(cat "$cgroup/cpu.weight")" 39
    equals "$(cat "$cgroup/memory.max")" 67108864
    equals "$(cat "$cgroup/memory.swap.max")" 33554432
    equals "$(cat "$cgroup/memory.low")" 33554432
}

@test "--cgroup-conf writes a file of the container's own cgroup" {
    ctl run -d --name high --cgroup-conf memory.high=50331648 localhost/busybox sleep 4321
    equals "$(cat "$(cgroup_of high)/memory.high")" 50331648
}

@test "update changes a running container, and its later runs" {
    ctl run -d --name change --memory 64m --pids-limit 50 localhost/busybox sleep 4321
    cgroup=$(cgroup_of change)
    ctl update --memory 32m --cpus 0.5 --pids-limit -1 change
    equals "$(cat "$cgroup/memory.max")" 33554432
    equals "$(cat "$cgroup/memory.swap.max")" 33554432
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
    equals "$(cat "$cgroup/pids.max")" max
    ctl stop -t 0 change
    ctl start change
    cgroup=$(cgroup_of change)
    equals "$(cat "$cgroup/memory.max")" 33554432
    equals "$(cat "$cgroup/cpu.max")" "50000 100000"
}

@test "--cgroup-parent starts the scope in a slice" {
    ctl run -d --name sliced --cgroup-parent ctltest.slice localhost/busybox sleep 4321
    contains "$(cgroup_of sliced)" /ctltest.slice/ctl-
}

@test "--cgroups=split stays in the service, and the service is ready when ctl says so" {
    systemd-run --user --unit ctl-test-service --service-type=notify --property=Delegate=yes --property=NotifyAccess=all \
        --setenv=PATH="$PATH" "$(command -v ctl)" run -d --name split --cgroups=split --sdnotify=conmon --memory 64m localhost/busybox sleep 4321
    equals "$(systemctl --user is-active ctl-test-service)" active
    cgroup=$(cgroup_of split)
    contains "$cgroup" /ctl-test-service.service/ctl-
    equals "$(cat "$cgroup/memory.max")" 67108864
    main=$(systemctl --user show --property MainPID --value ctl-test-service)
    contains "$(tr '\0' ' ' <"/proc/$main/cmdline")" "monitor split"
    systemctl --user stop ctl-test-service
    equals "$(ctl inspect -f '{{.State.Status}}' split)" exited
}
