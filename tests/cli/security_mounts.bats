# Rows B: mount targets, symbolic links of the image, what stands in /proc, /dev and /sys, files that the engine writes.
load security_helper
setup() { setup_canary; }

@test "B1 B7 CVE-2021-30465 CVE-2024-45310: a mount target exchanged for a link leads nowhere outside" {
    mkdir "$T/shared/x"
    ln -s "$HOME/canary/dir" "$T/shared/link"
    swap_forever "$T/shared/x" "$T/shared/link"
    started=0
    for _ in $(seq "$RACES"); do
        ends_cleanly run --rm -v "$T/shared:/v" -v "$T/inner:/v/x/y" "$IMG" true
        [ "$status" -eq 0 ] || [ "$status" -eq 125 ]
        if [ "$status" -eq 0 ]; then started=$((started + 1)); fi
    done
    stop_swapping
    [ "$started" -gt 0 ] # else nothing was raced
    untouched
    if grep -F "$HOME/canary" /proc/self/mountinfo; then return 1; fi
}

@test "B2 B3 CVE-2019-19921 CVE-2019-16884 CVE-2023-28642: nothing is mounted over /proc and /sys" {
    for to in /proc /proc/self/attr/exec /proc/1 /proc/sys /sys /sys/fs /a/../proc; do
        fails_with 125 "${to#/a/..}" run --rm -v "vol:$to" "$IMG" true
        fails_with 125 "${to#/a/..}" run --rm -v "$T/shared:$to" "$IMG" true
        fails_with 125 "${to#/a/..}" run --rm --tmpfs "$to" "$IMG" true
    done
}

@test "B2 CVE-2023-27561: an image whose /proc is a link or whose volume is /proc gets the real one or nothing" {
    hostile_image procs "[$(symlink proc /other), $(entry other dir)]"
    ends_cleanly run --rm "$IMG" grep -c ' /proc proc ' /proc/mounts
    if [ "$status" = 0 ]; then equals "$output" 1; fi
    for volume in /proc /proc/self /sys/fs; do
        hostile_image volumes '[]' "{\"Volumes\": {\"$volume\": {}}}"
        ends_cleanly run --rm "$IMG" sh -c 'head -c 4 /proc/self/cmdline; grep Seccomp: /proc/self/status'
        [ "$status" = 125 ] || contains "$output" "2"
    done
}

@test "B4 CVE-2025-31133: masked paths are masked by our own null device, whatever the image has in /dev" {
    for null in "$(symlink dev/null /proc/sys/kernel/core_pattern)" "$(entry dev/null fifo)" "$(entry dev/null dir)"; do
        hostile_image masks "[$null]"
        ends_cleanly run --rm "$IMG" sh -c 'stat -c "%F %t:%T" /dev/null; for f in /proc/kcore /proc/keys /proc/timer_list; do
            [ ! -e $f ] || { stat -c "%F %t:%T" $f; head -c 10 $f; }; done; echo x >/proc/sys/kernel/core_pattern'
        if [ "$status" != 125 ]; then
            equals "$(sort -u <<<"$output")" "character special file 1:3"
            contains "$stderr" core_pattern
        fi
    done
}

@test "B4: kernel files cannot be written, and directories that tell of the host are empty" {
    run_ctl run --rm "$IMG" sh -c 'for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/modprobe /proc/irq/0/smp_affinity; do
        (echo x >$f) 2>/dev/null && echo written $f; done; ls -A /sys/firmware /proc/acpi /proc/scsi 2>/dev/null | grep -v :; true'
    equals "$(grep -v '^$' <<<"$output" || true)" ""
}

@test "B5 CVE-2025-52565: the console is the terminal that ctl opened" {
    hostile_image console "[$(symlink dev/console /proc/sys/kernel/core_pattern), $(entry dev/pts dir), $(symlink dev/pts/0 /proc/sysrq-trigger)]"
    ends_cleanly run --rm -t "$IMG" sh -c 'stat -c "%F %t" /dev/console; stat -c "%F %t" /dev/pts/0; tty'
    if [ "$status" != 125 ]; then
        equals "$(tr -d '\r' <<<"$output")" $'character special file 88\ncharacter special file 88\n/dev/pts/0'
    fi
}

@test "B8 CVE-2026-41579 CVE-2026-47766: an image whose /dev is a link changes nothing outside" {
    for target in "$HOME/canary/dir" "../../../../../../../..$HOME/canary/dir" /tmp/out /proc/self/cwd; do
        hostile_image devs "[$(symlink dev "$target")]"
        ends_cleanly run --rm "$IMG" sh -c 'echo x >/dev/null; ls /dev/'
        untouched
    done
    for name in pts shm mqueue fd; do
        hostile_image devs "[$(symlink "dev/$name" "$HOME/canary/dir")]"
        ends_cleanly run --rm "$IMG" true
        untouched
    done
    ends_cleanly run --rm -v "$T/shared:/dev" "$IMG" true
    untouched
}

@test "B9 CVE-2019-18837: links in a mount target are followed inside the root or refused" {
    chain=$(for i in $(seq 50); do symlink "l$i" "/l$((i + 1))"; done | jq -cs .)
    hostile_image chain "$chain"
    ends_cleanly run --rm -v "$T/shared:/l1/x" "$IMG" true
    equals "$status" 125
    hostile_image links "[$(symlink loop loop), $(symlink up ../../../../..), $(symlink out "$HOME/canary"), $(symlink dangling /nowhere/at/all)]"
    fails_with 125 /loop run --rm -v "$T/shared:/loop/x" "$IMG" true
    for to in /up/here /out/dir /out/secret /dangling/x /out/; do
        ends_cleanly run --rm -v "$T/shared:$to" "$IMG" true
        untouched
    done
    echo inside >"$T/shared/mark"
    run_ctl run --rm -v "$T/shared:/up/here" "$IMG" cat /here/mark
    equals "$output" inside
    untouched
}

@test "B10 B11 CVE-2025-24965 CVE-2024-5154: files that ctl writes follow no link of the image" {
    for file in etc/hosts etc/hostname etc/resolv.conf etc/mtab run/.containerenv; do
        for kind in "$(symlink "$file" "$HOME/canary/file")" "$(symlink "$file" "/proc/self/root/../../..$HOME/canary/file")" \
            "$(entry "$file" fifo)" "$(entry "$file" dir)"; do
            hostile_image writes "[$kind]"
            ends_cleanly run --rm "$IMG" true
            untouched
        done
    done
    for target in "$HOME/canary" /proc/self/cwd/../canary "../../../../..$HOME/canary"; do
        hostile_image writes "[$(symlink etc "$target"), $(symlink run "$target")]"
        ends_cleanly run --rm "$IMG" true
        untouched
    done
}

@test "B12 CVE-2026-55686: a working directory behind links is made inside or not at all" {
    for target in "/proc/1/root$HOME/canary/dir" "../../../../../../..$HOME/canary/dir" "$HOME/canary/dir" /proc/self/cwd; do
        hostile_image workdir "[$(symlink a "$target")]" '{"WorkingDir": "/a/b/c"}'
        ends_cleanly run --rm "$IMG" pwd
        untouched
    done
    ln -s "$HOME/canary/dir" "$T/shared/a"
    ends_cleanly run --rm -v "$T/shared:/v" -w /v/a/b "$IMG" true
    untouched
}

@test "B14 CVE-2024-9676: passwd and group of the image are read inside it, and not without end" {
    for kind in "$(symlink etc/passwd /dev/zero)" "$(symlink etc/passwd "$HOME/canary/secret")" "$(entry etc/passwd fifo)" \
        "$(entry etc/passwd dir)" "$(symlink etc/passwd /proc/kmsg)" "$(symlink etc/group /dev/zero)"; do
        hostile_image users "[$kind]"
        ends_cleanly run --rm -u nosuchuser "$IMG" true
        equals "$status" 125
        untouched
    done
}

@test "B18 CVE-2023-25809: no cgroup file can be written" {
    for network in none host; do
        run_ctl run --rm --network=$network "$IMG" sh -c 'find /sys/fs/cgroup -name cgroup.procs -o -name release_agent -o -name "*.max" |
            while read -r f; do (echo 0 >$f) 2>/dev/null && echo written $f; done; mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; true'
        equals "$status" 0
        equals "$output" ""
    done
}

@test "B19 CVE-2022-0492: no new namespaces and no mounts, so no release_agent" {
    for flags in -U -Ur -UrmC -n -m -C -p; do
        run_ctl run --rm "$IMG" unshare $flags true
        [ "$status" -ne 0 ]
    done
    run_ctl run --rm "$IMG" sh -c 'mkdir /m; for t in cgroup cgroup2 tmpfs proc sysfs; do mount -t $t none /m && echo mounted $t; done; true'
    equals "$output" ""
}
