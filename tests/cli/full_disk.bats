# A data root on a disk that is full, or that has become read-only: readers go on, what must write says why it cannot,
# nothing is left half-made, and what is not needed can be removed.
load helper

# Root makes $CTL_TEST_SMALL and the read-only view of it for this file (run.py).
setup() {
    ctl_setup
    [ -n "${CTL_TEST_SMALL:-}" ] || skip "only root can mount the small disk"
    rm -rf "${CTL_TEST_SMALL:?}"/*
    XDG_DATA_HOME=$CTL_TEST_SMALL
    need userns overlay
    load_image busybox
    ctl create --name made --network none busybox echo hi
    ctl run --name ended --network none busybox sh -c 'echo said; exit 3' || true
    ctl run -d --name on --network none busybox sleep 100
}

teardown() {
    if [ -n "${CTL_TEST_SMALL:-}" ]; then
        rm -f "$CTL_TEST_SMALL/fill"
        XDG_DATA_HOME=$CTL_TEST_SMALL ctl system reset --force
    fi
    ctl_teardown
}

fill_disk() { dd if=/dev/zero of="$CTL_TEST_SMALL/fill" bs=4k 2>/dev/null || true; }
become_read_only() { XDG_DATA_HOME=$CTL_TEST_SMALL_READ_ONLY; }

readers_work() {
    equals "$(ctl ps -a --format '{{.Names}} {{.State}}' | sort | tr '\n' ' ')" "ended exited made created on running "
    equals "$(ctl inspect -f '{{.State.ExitCode}}' ended)" 3
    equals "$(ctl logs ended)" said
    equals "$(ctl images --format '{{.Repository}}')" localhost/busybox
    equals "$(ctl exec on echo inside)" inside
    ctl info >/dev/null
    ctl system df >/dev/null
}

@test "on a full disk the readers and exec work" {
    fill_disk
    readers_work
}

@test "on a full disk a run is refused, and leaves nothing" {
    fill_disk
    local before
    before=$(find "$CTL_TEST_SMALL" | sort)
    fails_with 125 "No space left on device" run --rm --network none busybox true
    fails_with 125 "No space left on device" create --network none busybox true
    fails_with 125 "No space left on device" run -v new:/x --network none busybox true
    equals "$(diff <(echo "$before") <(find "$CTL_TEST_SMALL" | sort))" ""
}

@test "on a full disk a container can be stopped, and ps knows it" {
    fill_disk
    ctl stop -t 0 on
    is_exited on
}

@test "on a full disk containers can be removed, and the room is back" {
    fill_disk
    ctl rm made ended
    ctl rm -f -t 0 on
    equals "$(ctl ps -aq)" ""
    equals "$(ls "$CTL_TEST_SMALL/ctl/containers" "$CTL_TEST_SMALL/ctl/trash" | tr -d '\n')" \
        "$CTL_TEST_SMALL/ctl/containers:$CTL_TEST_SMALL/ctl/trash:"
}

@test "on a full disk prune works" {
    fill_disk
    ctl system prune --force
    equals "$(ctl ps -a --format '{{.Names}}')" on
}

@test "a container that fills the disk with its log goes on" {
    ctl run -d --name talker --network none busybox sh -c 'dd if=/dev/zero bs=1M count=20 2>/dev/null | tr "\0" "x"; touch /dev/shm/done; sleep 100'
    eventually ctl exec talker test -e /dev/shm/done
    is_running talker
    ctl rm -f -t 0 talker
}

@test "an image whose layers are larger than the room that is left is refused beforehand" {
    fails_with 125 "no room: at least 31" load -i "$CTL_FIXTURE_DEBIAN_NGINX/docker.tar"
    equals "$(ls "$CTL_TEST_SMALL/ctl/partial")" ""
}

@test "an image that does not fit once it is unpacked says so, and leaves nothing half-made" {
    ctl rm -f -t 0 on
    truncate -s 20M "$T/zeros"
    echo '{"layers": [{"compression": "gzip", "entries": [{"path": "a", "content": "x"}, {"path": "zeros", "from": "'"$T/zeros"'"}]}]}' >"$T/spec"
    tr '\0' 1 <"$T/zeros" >"$T/ones" && mv "$T/ones" "$T/zeros" # no hole that need not be stored
    mkimg=$BATS_TEST_DIRNAME/../fixtures/mkimg.py
    python3 "$mkimg" build "$T/spec" "$T/layout"
    python3 "$mkimg" oci-archive "$T/layout" "$T/ones.tar"
    fails_with 125 "No space left on device" load -i "$T/ones.tar"
    equals "$(ctl images --format '{{.Repository}}')" localhost/busybox
    ctl system prune --force
    equals "$(ctl system check)" ""
    ctl run --rm --network none busybox true
}

@test "commit and export name what has no room, and the way out" {
    ctl exec on head -c 3000000 /dev/zero >zeros
    ctl cp zeros on:/zeros
    head -c 300000 /dev/zero >"$CTL_TEST_SMALL/spare"
    fill_disk
    rm "$CTL_TEST_SMALL/spare"
    fails_with 125 "write zeros of the layer: No space left on device; the file system of $CTL_TEST_SMALL/ctl is full: ctl system prune frees" commit on big
    fails_with 125 "write $CTL_TEST_SMALL/a.tar: No space left on device; the file system of $CTL_TEST_SMALL/a.tar is full: make room there" \
        export -o "$CTL_TEST_SMALL/a.tar" on
    [ ! -e "$CTL_TEST_SMALL/a.tar" ]
}

@test "in a home that has become read-only the readers, exec and stop work" {
    become_read_only
    readers_work
    ctl stop -t 0 on
    is_exited on
}

@test "in a home that has become read-only what must write says so" {
    become_read_only
    fails_with 125 "Read-only file system" run --rm --network none busybox true
    fails_with 125 "Read-only file system" rm made
    fails_with 125 "Read-only file system" tag busybox other
}
