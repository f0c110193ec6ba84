# A container whose first process is a real systemd (--systemd=true, the default, and always).
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/debian-systemd.tar" >/dev/null
    ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null
}

teardown() {
    remove_containers
    nothing_left
}

booted() { [ "$(ctl exec "$1" systemctl is-active multi-user.target)" = active ]; }
# fs_of CONTAINER DIRECTORY: type and options of what is mounted there.
fs_of() { ctl exec "$1" sed -n "s,^[^ ]* $2 \([^ ]*\) \([^ ]*\) .*,\1 \2,p" /proc/mounts; }

@test "systemd reaches multi-user.target without a failed unit, in a control group of its own" {
    ctl run -d --name box localhost/debian-systemd
    eventually booted box
    ctl exec box systemctl --no-pager --failed --plain --no-legend
    equals "$(ctl exec box systemctl --failed --plain --no-legend)" ""
    contains "$(ctl exec box systemctl is-system-running)" running
    equals "$(ctl exec box cat /proc/1/comm)" systemd
    equals "$(ctl exec box cat /proc/1/cgroup)" 0::/init.scope
    cgroup=$(cgroup_of box)
    contains "$cgroup" /container/init.scope
    [ -d "${cgroup%/init.scope}/system.slice" ]
    contains "$(ctl exec box systemd-detect-virt)" podman
}

@test "what systemd wants is mounted: memory on /run, /run/lock, /tmp and /var/log/journal, a writable cgroup tree" {
    ctl run -d --name box localhost/debian-systemd
    eventually booted box
    contains "$(fs_of box /run)" "rw," # with the image's content, so an overlay of it and memory
    contains "$(fs_of box /run/lock)" "tmpfs rw"
    contains "$(fs_of box /tmp)" "tmpfs rw"
    contains "$(fs_of box /var/log/journal)" "tmpfs rw"
    contains "$(fs_of box /sys/fs/cgroup)" "cgroup2 rw"
    contains "$(fs_of box /sys)" "sysfs ro"
    id=$(ctl inspect -f '{{.Id}}' box)
    equals "$(ctl exec box sh -c 'tr "\0" "\n" </proc/1/environ' | sort | grep -E '^container(_uuid)?=')" "container=podman"$'\n'"container_uuid=${id:0:32}"
}

@test "units start, are limited and end inside" {
    ctl run -d --name box --memory 256m localhost/debian-systemd
    eventually booted box
    ctl exec box systemd-run --quiet --unit work --property MemoryMax=64M sleep 4321
    equals "$(ctl exec box systemctl is-active work)" active
    cgroup=$(cgroup_of box)
    equals "$(cat "${cgroup%/init.scope}/memory.max")" 268435456
    equals "$(cat "${cgroup%/init.scope}/system.slice/work.service/memory.max")" 67108864
    ctl exec box systemctl stop work
    run ctl exec box systemctl is-active work
    equals "$output" inactive
    contains "$(ctl exec box journalctl --no-pager --unit work --output cat)" "work.service"
}

@test "stop shuts it down by SIGRTMIN+3, in order" {
    ctl run -d --name box localhost/debian-systemd
    eventually booted box
    equals "$(ctl inspect -f '{{.Config.StopSignal}}' box)" "SIGRTMIN+3"
    ctl exec box systemd-run --quiet --unit last --property 'ExecStop=/bin/sh -c "echo stopped in order >/witness"' --property RemainAfterExit=yes true
    ctl stop --time 60 box
    equals "$(ctl inspect -f '{{.State.Status}}' box)" exited
    echo "exit code $(ctl inspect -f '{{.State.ExitCode}}' box)"
    [ "$(ctl inspect -f '{{.State.ExitCode}}' box)" != 137 ]
    ctl cp box:/witness "$BATS_TEST_TMPDIR/witness"
    equals "$(cat "$BATS_TEST_TMPDIR/witness")" "stopped in order"
}

@test "it is restarted, and boots again" {
    ctl run -d --name box localhost/debian-systemd
    eventually booted box
    ctl restart --time 60 box
    eventually booted box
}

@test "poweroff inside ends the container" {
    ctl run -d --name box localhost/debian-systemd
    eventually booted box
    ctl exec box systemctl poweroff
    status=$(ctl wait box)
    echo "$status"
    [ "$status" != 137 ]
}

@test "--systemd=always prepares any command; false and another command do not" {
    ctl run --rm --systemd=always localhost/busybox sh -c 'grep -c "^tmpfs /run/lock " /proc/mounts; grep -c "cgroup2 rw" /proc/mounts' >"$BATS_TEST_TMPDIR/always" || true
    cat "$BATS_TEST_TMPDIR/always"
    equals "$(paste -sd' ' "$BATS_TEST_TMPDIR/always")" "1 1"
    run ctl run --rm localhost/busybox sh -c 'grep -c " /run/lock " /proc/mounts; grep -c "cgroup2 rw" /proc/mounts'
    equals "$(paste -sd' ' <<<"$output")" "0 0"
    run ctl run --rm --systemd=false localhost/debian-systemd sh -c 'grep -c " /run/lock " /proc/mounts'
    equals "$output" 0
}

@test "with a terminal its console is the container's output" {
    ctl run -d -t --name box localhost/debian-systemd
    eventually booted box
    run ctl logs box
    echo "$output"
    contains "$output" "Reached target"
}
