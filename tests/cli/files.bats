# What a container sees of file systems: -v, volumes and copy-up, --tmpfs, --read-only.
load helper
setup() { setup_busybox; }

@test "-v shows a directory of the host, and the caller is its owner" {
    mkdir shared
    echo hello >shared/file
    run_ctl run --rm -v "$T/shared:/mnt" "$IMG" sh -c 'cat /mnt/file; echo back >/mnt/new; stat -c %u /mnt/file'
    equals "$output" $'hello\n0'
    equals "$(cat shared/new)" back
    equals "$(stat -c %u shared/new)" "$(id -u)"
}

@test "-v takes a relative path that starts with a dot" {
    mkdir shared
    echo hello >shared/file
    run_ctl run --rm -v ./shared:/mnt "$IMG" cat /mnt/file
    equals "$output" hello
}

@test "-v with ro cannot be written" {
    mkdir shared
    run_ctl run --rm -v "$T/shared:/mnt:ro" "$IMG" touch /mnt/x
    [ "$status" -ne 0 ]
    contains "$stderr" "Read-only"
    [ ! -e shared/x ]
}

@test "-v shows a single file" {
    echo alone >one
    run_ctl run --rm -v "$T/one:/etc/one" "$IMG" cat /etc/one
    equals "$output" alone
}

@test "-v of a path that is not there is an error that names it" {
    fails_with 125 "$T/missing" run --rm -v "$T/missing:/mnt" "$IMG" true
}

@test "-v with a target that is not absolute is an error" {
    run_ctl run --rm -v "$T:mnt" "$IMG" true
    equals "$status" 125
}

@test "a named volume is made, kept and shared" {
    ctl run --rm -v store:/keep "$IMG" sh -c 'echo kept >/keep/file'
    run_ctl run --rm -v store:/keep "$IMG" cat /keep/file
    equals "$output" kept
}

@test "a new volume starts with what the image has there, owners included" {
    run_ctl run --rm -v fresh:/data "$IMG" sh -c 'cat /data/seed; stat -c "%u:%g %a" /data/seed'
    equals "$output" $'from the image\n1000:1000 640'
}

@test "a volume that is not new is not filled again" {
    ctl run --rm -v used:/data "$IMG" rm /data/seed
    run_ctl run --rm -v used:/data "$IMG" ls -A /data
    equals "$output" ""
}

@test "anonymous volumes go with --rm, named ones stay" {
    ctl run --rm -v /scratch -v stays:/keep "$IMG" true
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes")" stays
}

@test "anonymous volumes go with rm -v and stay with rm" {
    ctl run --name a -v /scratch "$IMG" true
    ctl run --name b -v /scratch "$IMG" true
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 2
    ctl rm a
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 2
    ctl rm -v b
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 1
}

@test "what a container writes does not reach its image" {
    ctl run --rm "$IMG" sh -c 'echo dirty >/etc/passwd; rm -rf /home'
    run_ctl run --rm "$IMG" sh -c 'head -n1 /etc/passwd; ls -d /home/app'
    equals "$output" $'root:x:0:0:root:/root:/bin/sh\n/home/app'
}

@test "--tmpfs mounts memory with the options given" {
    run_ctl run --rm --tmpfs /scratch:size=1m,mode=700 "$IMG" sh -c 'grep " /scratch tmpfs " /proc/mounts | cut -d" " -f3; stat -c %a /scratch; head -c 2000000 /dev/zero >/scratch/big 2>/dev/null; wc -c </scratch/big'
    equals "$output" $'tmpfs\n700\n1048576'
}

@test "--read-only protects the root, and /tmp stays writable" {
    run_ctl run --rm --read-only "$IMG" sh -c 'touch /tmp/ok && echo tmp; touch /nope'
    [ "$status" -ne 0 ]
    equals "$output" tmp
    contains "$stderr" "Read-only"
}

@test "--read-only leaves volumes writable" {
    run_ctl run --rm --read-only -v rw:/rw "$IMG" touch /rw/file
    equals "$status" 0
}

@test "/proc and /sys cannot be used to change the host" {
    run_ctl run --rm "$IMG" sh -c 'for f in /proc/sys/kernel/domainname /proc/sysrq-trigger /sys/kernel/uevent_helper; do [ ! -e $f ] || ! echo x >$f || echo wrote $f; done'
    lacks "$output" wrote
}

@test "masked paths show nothing" {
    run_ctl run --rm "$IMG" sh -c 'for f in /proc/kcore /proc/keys /proc/timer_list; do [ ! -e $f ] || wc -c <$f; done; ls -A /sys/firmware 2>/dev/null'
    equals "$(tr -d '0\n' <<<"$output")" ""
}

@test "a link in the image does not lead a mount out of the root" {
    # Row B of security.md: /mnt is a link to a directory of the host.
    python3 - "$CTL_TEST_MKIMG" "$T" "$(command -v busybox)" <<-'END'
		import json, subprocess, sys
		mkimg, folder, busybox = sys.argv[1:]
		entries = [{"path": "bin", "type": "dir"}, {"path": "bin/busybox", "mode": "0755", "from": busybox},
		           {"path": "bin/sh", "type": "symlink", "link": "busybox"}, {"path": "bin/ls", "type": "symlink", "link": "busybox"},
		           {"path": "mnt", "type": "symlink", "link": folder + "/canary"}, {"path": "up", "type": "symlink", "link": "../../../../../../../../" + folder + "/canary"}]
		json.dump({"layers": [{"entries": entries}], "config": {"Env": ["PATH=/bin"]}}, open(folder + "/spec.json", "w"))
		subprocess.run([mkimg, "build", folder + "/spec.json", folder + "/layout"], check=True)
		subprocess.run([mkimg, "docker-archive", folder + "/layout", folder + "/evil.tar", "localhost/evil:latest"], check=True)
	END
    mkdir canary payload
    echo untouched >canary/file
    touch payload/marker
    ctl load -q --input evil.tar
    for target in /mnt /up /mnt/deeper; do
        run_ctl run --rm -v "$T/payload:$target" evil ls "$target"
        equals "$status" 0
        equals "$output" marker
    done
    run_ctl run --rm -w /mnt/made evil true
    equals "$(ls -A canary)" file
    equals "$(cat canary/file)" untouched
}
