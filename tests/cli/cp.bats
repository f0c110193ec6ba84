# ctl cp: what paths mean, owners, streams, and that nothing leads out of the container.
load helper
setup() { setup_busybox; }

start_box() { ctl run -d --name box "$@" "$IMG" sleep 1000 >/dev/null; }

@test "a file goes in and comes out, running or not" {
    echo one >file
    start_box
    ctl create --name still "$IMG" true >/dev/null
    for name in box still; do
        ctl cp file $name:/tmp/in
        ctl cp $name:/tmp/in "out-$name"
        equals "$(cat "out-$name")" one
    done
    equals "$(ctl exec box cat /tmp/in)" one
}

@test "what was copied into a container that did not run is there when it starts" {
    echo early >file
    ctl create --name still "$IMG" cat /etc/early >/dev/null
    ctl cp file still:/etc/early
    run_ctl start --attach still
    equals "$output" early
}

@test "a directory as the destination takes the name of the source" {
    echo one >file
    start_box
    ctl cp file box:/tmp
    ctl cp file box:/tmp/.
    equals "$(ctl exec box cat /tmp/file)" one
    mkdir target
    ctl cp box:/etc/passwd target
    equals "$(head -n1 target/passwd)" root:x:0:0:root:/root:/bin/sh
}

@test "a directory is copied into an existing one, to a missing one, and as its content with /." {
    mkdir -p dir/sub
    echo deep >dir/sub/file
    start_box
    ctl cp dir box:/tmp
    ctl cp dir/ box:/new
    ctl cp dir/. box:/content
    run_ctl exec box cat /tmp/dir/sub/file /new/sub/file /content/sub/file
    equals "$output" $'deep\ndeep\ndeep'
    ctl cp box:/tmp/dir/. out
    equals "$(cat out/sub/file)" deep
}

@test "a relative path in a container begins at its working directory" {
    echo one >file
    start_box -w /etc
    ctl cp file box:here
    equals "$(ctl exec box cat /etc/here)" one
}

@test "missing paths are errors that name them" {
    echo one >file
    start_box
    fails_with 125 "\"nothing\" could not be found on the host" cp nothing box:/tmp
    fails_with 125 "\"/nothing\" could not be found in container box" cp box:/nothing .
    fails_with 125 "/no/dir/" cp file box:/no/dir/
    fails_with 125 "CONTAINER:PATH" cp file other
    fails_with 125 "no container with name" cp file nobody:/
}

@test "a directory does not become a file, unless --overwrite says so" {
    mkdir dir
    echo in >dir/x
    echo one >file
    start_box
    ctl exec box sh -c 'echo old >/tmp/dir; mkdir /tmp/file'
    fails_with 125 "--overwrite" cp dir box:/tmp
    fails_with 125 "--overwrite" cp file box:/tmp
    fails_with 125 "must be a directory" cp dir box:/etc/passwd
    equals "$(ctl exec box cat /tmp/dir)" old
    ctl cp --overwrite dir box:/tmp
    ctl cp --overwrite file box:/tmp
    run_ctl exec box cat /tmp/dir/x /tmp/file
    equals "$output" $'in\none'
}

@test "what arrives belongs to the container's user, with -a=false to who it belonged to" {
    echo one >file
    start_box -u 1000:1000
    ctl cp file box:/tmp/own
    ctl cp -a=false file box:/tmp/kept
    equals "$(ctl exec box stat -c %u:%g /tmp/own /tmp/kept)" $'1000:1000\n0:0'
    ctl cp box:/data/seed seed
    equals "$(stat -c %U seed)" "$(id -un)"
}

@test "modes, times, hard links, symbolic links and holes survive" {
    start_box
    ctl exec box sh -c 'mkdir -p /t/d; cd /t; echo x >a; chmod 640 a; touch -d "2001-02-03 04:05:06" a; ln a d/b; ln -s ../a d/l; dd if=/dev/zero of=hole bs=1 count=0 seek=50000000 2>/dev/null; mkfifo f'
    ctl cp box:/t out
    equals "$(stat -c '%a %Y %h' out/a)" "640 $(date -u -d '2001-02-03 04:05:06' +%s) 2"
    equals "$(readlink out/d/l)" ../a
    [ out/a -ef out/d/b ]
    [ -p out/f ]
    equals "$(stat -c %s out/hole)" 50000000
    [ "$(stat -c %b out/hole)" -lt 1000 ]
}

@test "setuid does not reach the host" {
    start_box
    ctl exec box sh -c 'cp /bin/busybox /tmp/su; chmod 6755 /tmp/su'
    ctl cp box:/tmp/su su
    equals "$(stat -c %a su)" 755
    ctl cp box:/tmp/su box:/tmp/su2
    equals "$(ctl exec box stat -c %a /tmp/su2)" 6755
}

@test "volumes and bind mounts are where the container sees them" {
    mkdir bound
    echo one >file
    start_box -v vol:/vol -v "$T/bound:/vol/sub"
    ctl create --name still -v vol:/vol -v "$T/bound:/vol/sub" "$IMG" true >/dev/null
    ctl cp file box:/vol/a
    ctl cp file box:/vol/sub/a
    ctl cp still:/vol/a from-volume
    ctl cp file still:/vol/b
    ctl cp file still:/vol/sub/b
    equals "$(cat from-volume bound/a bound/b)" $'one\none\none'
    equals "$(ctl exec box ls /vol)" $'a\nb\nsub'
}

@test "a read-only mount is not written, running or not" {
    mkdir bound
    echo one >file
    start_box -v "$T/bound:/mnt:ro"
    ctl create --name still -v "$T/bound:/mnt:ro" "$IMG" true >/dev/null
    fails_with 125 "Read-only" cp file box:/mnt/x
    fails_with 125 "Read-only" cp file still:/mnt/x
    equals "$(ls bound)" ""
}

@test "a file that is mounted is written where it is" {
    echo old >one
    echo new >file
    start_box -v "$T/one:/etc/one"
    ctl cp file box:/etc/one
    equals "$(cat one)" new
    equals "$(ctl exec box cat /etc/one)" new
    contains "$(ctl exec box cat /proc/mounts)" " /etc/one "
}

@test "a part of a volume, and a container with an id map of its own" {
    echo one >file
    ctl run --rm -v vol:/v "$IMG" mkdir /v/part
    ctl create --name still --mount type=volume,source=vol,destination=/part,subpath=part "$IMG" true >/dev/null
    ctl cp file still:/part/file
    equals "$(ctl run --rm -v vol:/v "$IMG" cat /v/part/file)" one
    ctl run -d --name kept --userns keep-id "$IMG" sleep 1000 >/dev/null
    ctl create --name kept-still --userns keep-id "$IMG" stat -c %u /tmp/file >/dev/null
    ctl cp file kept:/tmp/file
    ctl cp file kept-still:/tmp/file
    equals "$(ctl exec kept stat -c %u /tmp/file)" "$(id -u)"
    equals "$(ctl start --attach kept-still)" "$(id -u)"
    contains "$(ctl export kept | tar tv --numeric-owner tmp/file)" "$(id -u)/$(id -g)"
    equals "$(ctl diff kept | grep -v /etc)" $'C /tmp\nA /tmp/file'
    ctl commit -q kept committed >/dev/null
    equals "$(ctl run --rm committed stat -c %u:%g /tmp/file /data/seed)" "$(id -u):$(id -g)"$'\n1000:1000'
    fails_with 125 "id map of its own" cp -a=false file kept:/tmp/other
}

@test "what is mounted is not overwritten away" {
    mkdir bound
    echo new >bound/file
    start_box -v "$T/bound:/mnt/dir"
    ctl cp --overwrite bound/file box:/tmp/dir
    fails_with 125 "is mounted there" cp --overwrite box:/tmp/dir box:/mnt
    ctl cp bound/. box:/tmp/mnt
    contains "$(ctl exec box cat /proc/mounts)" " /mnt/dir "
}

@test "from container to container" {
    start_box
    ctl create --name other "$IMG" cat /copied/passwd >/dev/null
    ctl exec box sh -c 'mkdir /from; cp /etc/passwd /from'
    ctl cp box:/from other:/copied
    run_ctl start --attach other
    contains "$output" "root:x:0:0"
}

@test "- is a tar archive on standard output" {
    start_box
    ctl exec box sh -c 'mkdir -p /t/d; echo x >/t/a; chown 1000:1000 /t/a; ln /t/a /t/d/b'
    ctl cp box:/t - >out.tar
    equals "$(tar tf out.tar)" $'t/\nt/a\nt/d/\nt/d/b'
    contains "$(tar tvf out.tar --numeric-owner t/a)" 1000/1000
    ctl cp box:/t/a - | tar xf -
    equals "$(cat a)" x
}

@test "- is a tar archive on standard input, compressed or not" {
    mkdir -p dir/sub
    echo x >dir/sub/file
    ln -s sub/file dir/link
    start_box
    tar c dir | ctl cp - box:/tmp
    tar cz --owner=1042 --group=1043 dir | ctl cp -a=false - box:/home
    equals "$(ctl exec box cat /tmp/dir/link)" x
    equals "$(ctl exec box stat -c %u:%g /home/dir/sub/file)" 1042:1043
    run_ctl cp - box:/tmp </etc/passwd
    equals "$status" 125
    contains "$stderr" "not a sound tar archive"
    tar c dir | (run_ctl cp - box:/etc/passwd; equals "$status" 125; contains "$stderr" "must be a directory")
}

@test "an archive does not write outside the destination's container" {
    mkdir canary
    start_box
    ctl exec box sh -c "mkdir -p $T/canary; ln -s $T/canary /tmp/out"
    python3 - <<-'END'
		import io, tarfile
		with tarfile.open("evil.tar", "w") as tar:
		    def add(name, **more):
		        info = tarfile.TarInfo(name)
		        for key, value in more.items(): setattr(info, key, value)
		        info.size = 0 if info.type != tarfile.REGTYPE else 2
		        tar.addfile(info, io.BytesIO(b"x\n"))
		    import os
		    add("out/file")
		    add("deep", type=tarfile.SYMTYPE, linkname=os.environ["T"] + "/canary")
		    add("deep/file")
	END
    ctl cp - box:/tmp <evil.tar
    equals "$(ls -A canary)" ""
    equals "$(ctl exec box cat "$T/canary/file")" x
    python3 -c 'import io,tarfile; t=tarfile.open("up.tar","w"); i=tarfile.TarInfo("../up"); i.size=1; t.addfile(i, io.BytesIO(b"x"))'
    run_ctl cp - box:/tmp <up.tar
    equals "$status" 125
    contains "$stderr" "refused"
}

# Rows A4, D1 and D2 of security.md (CVE-2019-14271, CVE-2018-15664, CVE-2019-10152).

@test "a link in the container that names a path of the host leads nowhere else than inside it" {
    echo secret >secret
    mkdir canary
    echo untouched >canary/file
    echo new >file
    start_box
    ctl exec box sh -c "mkdir /t; ln -s $T/secret /t/file; ln -s $T/canary /t/dir; ln -s /proc/1/root$T/secret /t/root; ln -s ../../../../../../..$T/canary/file /t/up"
    for name in file dir root up; do
        run_ctl cp box:/t/$name got
        equals "$status" 125
    done
    [ ! -e got ]
    run_ctl cp file box:/t/dir/file
    equals "$status" 125
    run_ctl cp file box:/t/file
    run_ctl cp file box:/t/up
    equals "$(cat secret canary/file)" $'secret\nuntouched'
    ctl cp box:/t copied
    equals "$(readlink copied/dir)" "$T/canary"
}

@test "a stopped container's overlays and mounted images are seen as it left them, and not written to in vain" {
    mkdir source upper work
    echo old >source/old
    ctl run --name c -v ./source:/o:O -v "./source:/kept:O,upperdir=$T/upper,workdir=$T/work" \
        --mount type=image,source="$IMG",destination=/image --mount type=image,source="$IMG",destination=/changed,rw=true \
        "$IMG" sh -c 'echo new >/o/new; rm /o/old; echo new >/kept/new; echo new >/changed/new'
    equals "$(ctl cp c:/o - | tar t)" $'o/\no/new'
    equals "$(ctl cp c:/kept - | tar t | sort)" $'kept/\nkept/new\nkept/old'
    ctl cp c:/image/bin/busybox -  | tar t | grep -qx busybox
    equals "$(ctl cp c:/changed/new - | tar xO)" new
    echo late >late
    fails_with 125 "Read-only file system" cp late c:/o/late
    fails_with 125 "Read-only file system" cp late c:/image/late
    ctl cp late c:/kept/late
    equals "$(cat upper/late)" late
    equals "$(ls source)" old
    ctl create --name fresh -v ./source:/o:O "$IMG" true
    equals "$(ctl cp fresh:/o - | tar t | sort)" $'o/\no/old'
}

@test "a stopped container's links stay inside it too" {
    mkdir canary
    echo untouched >canary/file
    echo new >file
    ctl run --name gone "$IMG" sh -c "ln -s $T/canary /link; ln -s $T/canary/file /onfile"
    run_ctl cp gone:/link/file got
    equals "$status" 125
    run_ctl cp file gone:/link/file
    run_ctl cp file gone:/onfile
    equals "$(cat canary/file)" untouched
    equals "$(ls canary)" file
}

@test "a container that flips directories and links during cp gets and gives nothing of the host" {
    mkdir canary in
    echo secret >canary/file
    echo payload >in/file
    start_box
    ctl exec -d box sh -c "mkdir /flip; cd /flip; mkdir x; echo inside >x/file; ln -s $T/canary y; while :; do mv x z; mv y x; mv x y; mv z x; done"
    eventually ctl exec box test -L /flip/y
    for i in $(seq 60); do
        "$CTL" cp box:/flip "out$i" 2>/dev/null || true
        "$CTL" cp box:/flip/x "x$i" 2>/dev/null || true
        "$CTL" cp in/file box:/flip/x/new 2>/dev/null || true
        "$CTL" cp in/. box:/flip/x 2>/dev/null || true
    done
    equals "$(cat canary/file)" secret
    equals "$(ls -A canary)" file
    run grep -rls --exclude-dir=canary secret . --include='file'
    equals "$output" ""
}

@test "no program of the container is run by cp" {
    start_box
    echo one >file
    ctl exec box sh -c 'for d in bin usr/bin lib usr/lib etc; do mkdir -p /$d; done
        for f in tar ps nsenter sh xz gzip getent newuidmap; do rm -f /bin/$f; printf "#!/bin/busybox touch /pwned\n" >/bin/$f; /bin/busybox chmod 755 /bin/$f; done' || true
    ctl cp file box:/tmp
    ctl cp box:/etc/. got
    tar c file | ctl cp - box:/tmp
    run_ctl exec box /bin/busybox test -e /pwned
    equals "$status" 1
}
