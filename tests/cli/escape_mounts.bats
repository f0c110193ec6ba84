# Section B of the catalogue of escapes: mounts, links of the image, races, redirected /proc, what we write and read there.
load helper
load security
setup() {
    setup_busybox
    plant_canary
}
teardown() {
    [ -z "${racer:-}" ] || race_stop
    ctl_teardown
}

@test "B1 CVE-2021-30465: a mount point exchanged with a link stays in the root" {
    mkdir -p shared/x secret_source
    touch secret_source/mounted
    ln -s / shared/link
    canary_before=$(canary_state)
    local mounts
    mounts=$(wc -l </proc/self/mountinfo)
    race shared/x shared/link
    for _ in $(races); do
        started_or_refused run --rm -v "$T/shared:/v" -v "$T/secret_source:/v/x/y" "$IMG" true
    done
    race_stop
    equals "$(wc -l </proc/self/mountinfo)" "$mounts"
    [ ! -e /y ]
    canary_untouched
}

@test "B2 CVE-2019-19921: /proc as a link, a file or a volume is not taken for the real one" {
    evil_image proclink <<-'END'
		{"path": "other", "type": "dir"}
		{"path": "proc", "type": "symlink", "link": "/other"}
	END
    evil_image procfile <<<'{"path": "proc", "content": "not a directory"}'
    for image in proclink procfile; do
        started_or_refused run --rm "$image" sh -c 'cat /proc/self/status'
        [ "$status" -ne 0 ] || contains "$output" $'Seccomp:\t2'
    done
    started_or_refused run --rm -v fake:/proc "$IMG" cat /proc/self/status
    [ "$status" -ne 0 ]
    canary_untouched
}

@test "B3 CVE-2019-16884: nothing is mounted over parts of /proc" {
    mkdir over
    canary_before=$(canary_state)
    for target in /proc/self/attr /proc/self/attr/exec /proc/1 /proc/sys/kernel; do
        run_ctl run --rm -v "$T/over:$target" "$IMG" true
        equals "$status" 125
    done
    canary_untouched
}

@test "B4 CVE-2025-31133: masks do not come from the image's /dev/null" {
    local entry
    for entry in '"type": "symlink", "link": "/proc/sysrq-trigger"' '"type": "fifo"' '"type": "dir"' '"content": "text"'; do
        evil_image null <<<"{\"path\": \"dev/null\", $entry}"
        started_or_refused run --rm null sh -c 'stat -c %t:%T /dev/null; for f in /proc/kcore /proc/keys /proc/timer_list; do
            [ ! -e $f ] || { test -c $f && stat -c %t:%T $f; }; done'
        [ "$status" -ne 0 ] || equals "$(sort -u <<<"$output")" 1:3
    done
    canary_untouched
}

@test "B5 CVE-2025-52565: the console is the terminal we opened" {
    evil_image console <<-'END'
		{"path": "dev/console", "type": "symlink", "link": "/proc/sysrq-trigger"}
		{"path": "dev/pts/0", "type": "symlink", "link": "/proc/sys/kernel/core_pattern"}
	END
    run python3 "$BATS_TEST_DIRNAME/on_tty.py" -- "$CTL" run --rm -t console sh -c 'stat -c %t /dev/console; (echo x >/proc/sysrq-trigger) 2>&1; (echo x >/proc/sys/kernel/core_pattern) 2>&1'
    contains "${lines[0]}" 88
    contains "$output" "Read-only"
    canary_untouched
}

@test "B8 CVE-2026-41579: /dev of the image as a link leads nowhere" {
    local link
    for link in /tmp/out ../../.. "$CANARY/dir" ../../../../../../../../"$CANARY/dir"; do
        evil_image devlink <<<"{\"path\": \"dev\", \"type\": \"symlink\", \"link\": \"$link\"}"
        started_or_refused run --rm devlink true
    done
    evil_image ptslink <<-END
		{"path": "dev/pts", "type": "symlink", "link": "$CANARY/dir"}
		{"path": "dev/shm", "type": "symlink", "link": "$CANARY/dir"}
	END
    started_or_refused run --rm ptslink true
    canary_untouched
}

@test "B9 CVE-2019-18837: chains, loops and dots in a mount's path are resolved inside" {
    evil_image chains <<-'END'
		{"path": "loop", "type": "symlink", "link": "loop"}
		{"path": "up", "type": "symlink", "link": "../../../../../../.."}
		{"path": "dangling", "type": "symlink", "link": "/not/there"}
		{"path": "one", "type": "symlink", "link": "two/./../two"}
		{"path": "two", "type": "symlink", "link": "/up/three"}
		{"path": "three", "type": "dir"}
	END
    mkdir payload
    touch payload/marker
    canary_before=$(canary_state)
    run_ctl run --rm -v "$T/payload:/one" chains ls /three
    equals "$output" marker
    run_ctl run --rm -v "$T/payload:/up/three" chains ls /three
    equals "$output" marker
    run_ctl run --rm -v "$T/payload:/loop" chains true
    equals "$status" 125
    started_or_refused run --rm -v "$T/payload:/dangling" chains true
    canary_untouched
}

@test "B10 CVE-2025-24965: the files that we put into a container do not follow its links" {
    evil_image etc <<-END
		{"path": "etc/hosts", "type": "symlink", "link": "$CANARY/secret"}
		{"path": "etc/hostname", "type": "symlink", "link": "../../../../../../..$CANARY/new"}
		{"path": "etc/resolv.conf", "type": "fifo"}
		{"path": "run", "type": "symlink", "link": "$CANARY"}
	END
    started_or_refused run --rm etc sh -c 'cat /etc/hosts'
    canary_untouched
}

@test "B11 CVE-2024-5154: nor where /etc itself is a link" {
    evil_image etclink <<<"{\"path\": \"etc\", \"type\": \"symlink\", \"link\": \"$CANARY\"}"
    started_or_refused run --rm etclink sh -c 'cat /etc/secret; true'
    canary_untouched
}

@test "B12 CVE-2026-55686: a working directory is made inside" {
    evil_image work '{"WorkingDir": "/a/b"}' <<<"{\"path\": \"a\", \"type\": \"symlink\", \"link\": \"../../../../../..$CANARY/dir\"}"
    started_or_refused run --rm work true
    canary_untouched
}

@test "B14 CVE-2024-9676: the image's passwd is read inside, and not for ever" {
    local entry
    for entry in '"type": "symlink", "link": "/dev/zero"' '"type": "fifo"' "\"type\": \"symlink\", \"link\": \"$CANARY/secret\"" '"type": "dir"'; do
        evil_image passwd <<<"{\"path\": \"etc/passwd\", $entry}"
        run timeout 20 "$CTL" run --rm -u someone passwd true
        equals "$status" 125
    done
    canary_untouched
}

@test "B16 CVE-2022-23648: volumes of the image copy nothing of the host's" {
    evil_image volumes '{"Volumes": {"/../../../'"${HOME#/}"'/canary": {}, "/link": {}}}' <<<"{\"path\": \"link\", \"type\": \"symlink\", \"link\": \"$CANARY\"}"
    started_or_refused run --name v volumes sh -c "cat /link/secret $CANARY/secret; true"
    equals "$(grep -rls "$SECRET" "$XDG_DATA_HOME")" ""
    canary_untouched
}

@test "B17 CVE-2021-43784: very long settings are taken whole or refused" {
    local long options=()
    long=$(head -c 60000 /dev/zero | tr '\0' a)
    for number in 1 2 3; do options+=(-e "LONG$number=$long"); done
    run_ctl run --rm "${options[@]}" "$IMG" sh -c 'echo ${#LONG1} ${#LONG3}'
    equals "$output" "60000 60000"
}

@test "B18 CVE-2023-25809: the cgroup file system cannot be written" {
    for option in --network=host --network=none; do
        run_ctl run --rm "$option" "$IMG" sh -c 'for f in $(find /sys/fs/cgroup -name cgroup.procs 2>/dev/null | head -n 5); do (echo 0 >$f) 2>/dev/null && echo wrote $f; done; true'
        lacks "$output" wrote
    done
}

@test "B19 CVE-2022-0492: no cgroup can be mounted from inside" {
    run_ctl run --rm "$IMG" sh -c 'mkdir /c; mount -t cgroup -o memory c /c || mount -t cgroup2 c /c || unshare -UrmC mount -t cgroup2 c /c'
    [ "$status" -ne 0 ]
}

@test "B21: no kind of mount is led out of the root, or out of its source, by a link" {
    mkdir source up work
    echo harmless >source/file
    evil_image links <<-END
		{"path": "abs", "type": "symlink", "link": "$CANARY"}
		{"path": "up", "type": "symlink", "link": "../../../../../../..$CANARY"}
		{"path": "self", "type": "symlink", "link": "/proc/self/root$CANARY"}
	END
    canary_before=$(canary_state)
    for link in abs up self; do
        for mount in "type=bind,src=source,dst=/$link/new" "type=bind,src=source/file,dst=/$link/new" "type=bind,src=source,dst=/$link/new,O" \
            "src=vol,dst=/$link/new" "type=tmpfs,dst=/$link" "type=tmpfs,dst=/$link/dir" "type=ramfs,dst=/$link/dir" \
            "type=devpts,dst=/$link/dir" "type=glob,src=source/*,dst=/$link/new" "type=image,src=links,dst=/$link/new" \
            "type=image,src=links,dst=/$link/new,rw=true"; do
            started_or_refused run --rm --mount "$mount" links sh -c "ls -A /$link /$link/new; touch /$link/x /$link/new/x /$link/dir/x; true"
        done
        started_or_refused run --rm --mount "type=image,src=links,dst=/i,subpath=$link" links cat /i/secret
        [ "$status" -ne 0 ]
        ctl run --rm -v "vol-$link:/v" links sh -c "rm -f /v/out; cp -d /$link /v/out 2>/dev/null || ln -s $CANARY /v/out"
        started_or_refused run --rm --mount "src=vol-$link,dst=/i,subpath=out" links cat /i/secret
        [ "$status" -ne 0 ]
        started_or_refused run --rm --mount "src=vol-$link,dst=/i,subpath=out,U" -u 1000 links true
    done
    canary_untouched
}
