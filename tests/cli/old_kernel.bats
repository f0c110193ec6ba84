# Kernels without some of the calls that ctl prefers: each missing alone, and all of them. The container is the same.
load helper
setup() { setup_busybox; }

newer_calls="fsopen fsconfig fsmount open_tree move_mount mount_setattr openat2 clone3 close_range"

# without CALL[,CALL...] COMMAND...: with these answering ENOSYS. As root of a user namespace of the caller's, because an
# unprivileged filter would switch newuidmap off.
without() { unshare --user --map-root-user --map-auto python3 "$BATS_TEST_DIRNAME/../tools/without.py" "$@"; }

# The proof that the filter works: else everything here would pass on ctl's usual path.
is_missing() { without "$1" python3 -c 'import ctypes, sys
n = {"openat2": 437, "fsopen": 430, "move_mount": 429}[sys.argv[1]]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall(n, -1, None, None, 0) == -1 and ctypes.get_errno() == 38' "$1"; }

# What a container looks like to its command. The host's kernel is the same, so this is the same text on every path, but for
# one thing: mount(2) makes a read-only file system, not only a read-only mount of it.
portrait='
    sort /proc/self/mountinfo | sed "s/^[0-9]* [0-9]* [0-9:]* //; s/ - / /; s/lowerdir=.*//; s/inode64//; s/ r[ow]\(,[^ ]*\)*\$/ \1/; s/containers.[0-9a-f]*/ID/" | sort
    stat -c "%A %u:%g %t:%T %N" /dev/*
    for f in /proc/kcore /proc/keys /proc/timer_list; do [ ! -e $f ] || wc -c <$f; done
    ls -A /sys/firmware
    for f in /proc/sys/kernel/domainname /proc/sysrq-trigger /dev/null /mnt/file /etc/one /ro/file /x; do
        (echo x >$f) 2>/dev/null && echo "$f can be written"
    done
    cat /mnt/file /ro/file /keep/file /etc/one
    cat /proc/sys/net/ipv4/ping_group_range
    stat -c "%a %u:%g %n" /tmp /dev/shm /dev /data
    ls -A /data
    ls /proc/self/fd'

show() {
    run --separate-stderr without "$1" "$CTL" run --rm --hostname same --read-only -v "$T/shared:/mnt" -v "$T/shared2:/ro:ro" \
        -v "$T/one:/etc/one:ro" -v keep:/keep --tmpfs /data "$IMG" sh -c "$portrait"
}

make_sources() {
    mkdir -p shared shared2
    for file in shared/file shared2/file one; do echo "$file" >"$file"; done
    ctl run --rm -v keep:/keep "$IMG" sh -c 'echo kept >/keep/file'
}

@test "the filter of these tests takes calls away" {
    for call in openat2 fsopen move_mount; do is_missing "$call"; done
}

@test "a container is the same whichever new call is missing" {
    make_sources
    show ""
    equals "$status" 0
    local usual=$output
    contains "$usual" "/mnt/file can be written"
    contains "$usual" "/dev/null can be written"
    for path in /proc/sys/kernel/domainname /proc/sysrq-trigger /etc/one /ro/file /x; do lacks "$usual" "$path can be written"; done
    for call in $newer_calls "$(tr ' ' , <<<"$newer_calls")"; do
        make_sources
        show "$call"
        equals "$status" 0
        diff -u --label usual --label "without $call" <(echo "$usual") <(echo "$output")
    done
}

@test "without the new calls -t gives a terminal" {
    for call in open_tree move_mount "$(tr ' ' , <<<"$newer_calls")"; do
        run python3 "$BATS_TEST_DIRNAME/on_tty.py" --size 33x111 -- unshare --user --map-root-user --map-auto \
            python3 "$BATS_TEST_DIRNAME/../tools/without.py" "$call" "$CTL" run --rm -t "$IMG" \
            sh -c 'tty; stty size; echo typed >/dev/console'
        equals "$status" 0
        contains "$output" "33 111"
        contains "$output" typed
    done
}

@test "without the new calls exec, --init and stop work" {
    # In one user namespace: nobody enters that of a sibling.
    run --separate-stderr without "$(tr ' ' , <<<"$newer_calls")" bash -ec '
        "$CTL" run -d --name old --init "$0" sh -c "trap \"exit 7\" TERM; while :; do sleep 0.1; done" >/dev/null
        "$CTL" exec old sh -c "echo inside; ls /proc/self/fd"
        "$CTL" stop --time 60 old' "$IMG"
    equals "$status" 0
    equals "$(tr '\n' ' ' <<<"$output")" "inside 0 1 2 3 old "
    equals "$(ctl inspect --format '{{.State.ExitCode}}' old)" 7
}

@test "without the new calls no link in a volume leads a mount out of the root" {
    mkdir canary payload
    touch payload/marker
    ctl run --rm -v links:/links "$IMG" sh -c "ln -s $T/canary /links/absolute; ln -s ../../../../../..$T/canary /links/up"
    for link in absolute up; do
        run --separate-stderr without "$(tr ' ' , <<<"$newer_calls")" "$CTL" run --rm -v links:/links \
            -v "$T/payload:/links/$link/deeper" "$IMG" ls "/links/$link/deeper"
        equals "$output" marker
        equals "$(ls -A canary)" ""
    done
}
