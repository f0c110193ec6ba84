# --mount and the options of -v beyond files.bats: overlays, images, patterns, subpaths, owners, propagation.
load helper
setup() {
    setup_busybox
    mkdir -p src/sub
    echo host >src/file
}

@test "O lets the container write, and nothing of it reaches the source" {
    run_ctl run --rm -v ./src:/m:O "$IMG" sh -c 'rm /m/file; echo new >/m/new; ls /m; stat -c "%a %u" /m'
    equals "$output" $'new\nsub\n755 0'
    equals "$(ls src)" $'file\nsub'
}

@test "what was written through O is gone at the next start" {
    ctl create --name o -v ./src:/m:O "$IMG" sh -c '[ ! -e /m/mark ] && echo fresh; touch /m/mark' >/dev/null
    for _ in 1 2; do
        run_ctl start -a o
        equals "$output" fresh
    done
}

@test "O keeps what is written in a directory of the user's" {
    mkdir up work
    ctl run --rm -v "./src:/m:O,upperdir=$T/up,workdir=$T/work" "$IMG" sh -c 'echo kept >/m/new'
    equals "$(cat up/new)" kept
    run_ctl run --rm -v "./src:/m:O,upperdir=$T/up,workdir=$T/work" "$IMG" cat /m/new /m/file
    equals "$output" $'kept\nhost'
    equals "$(ls src)" $'file\nsub'
}

@test "--mount type=bind and its ro" {
    run_ctl run --rm --mount type=bind,src=src,dst=/m,ro "$IMG" sh -c 'cat /m/file; touch /m/x'
    [ "$status" -ne 0 ]
    equals "$output" host
    contains "$stderr" "Read-only"
    [ ! -e src/x ]
}

@test "a bind without what is mounted below it, and the error where the kernel refuses that" {
    run_ctl run --rm --mount type=bind,src=src,dst=/m,bind-nonrecursive "$IMG" cat /m/file
    equals "$output" host
    fails_with 125 "rbind" run --rm -v /dev:/m:bind "$IMG" true
}

@test "a part of a volume, resolved inside it" {
    ctl run --rm -v v:/v "$IMG" sh -c 'mkdir -p /v/a/b; echo part >/v/a/b/file; ln -s /a/b /v/link; ln -s ../../../../../../etc /v/out'
    run_ctl run --rm --mount src=v,dst=/m,subpath=a/b "$IMG" cat /m/file
    equals "$output" part
    run_ctl run --rm --mount src=v,dst=/m,subpath=a/b/file "$IMG" cat /m
    equals "$output" part
    run_ctl run --rm --mount src=v,dst=/m,subpath=link "$IMG" cat /m/file
    equals "$output" part
    fails_with 125 '(is there a "out" in the source?)' run --rm --mount src=v,dst=/m,subpath=out "$IMG" cat /m/passwd
    fails_with 125 'is there a "no"' run --rm --mount src=v,dst=/m,subpath=no "$IMG" true
}

@test "an image mounted for reading cannot be written" {
    run_ctl run --rm --mount type=image,src="$IMG",dst=/img "$IMG" sh -c 'cat /img/data/seed; touch /img/x'
    [ "$status" -ne 0 ]
    equals "$output" "from the image"
    contains "$stderr" "Read-only"
}

@test "an image mounted with rw=true is written to nowhere but the container" {
    run_ctl run --rm --mount type=image,src="$IMG",dst=/img,rw=true "$IMG" sh -c 'rm /img/data/seed; echo x >/img/etc/passwd; ls /img/data; cat /data/seed'
    equals "$output" "from the image"
    run_ctl run --rm "$IMG" head -n1 /etc/passwd
    contains "$output" root
}

@test "a part of an image" {
    run_ctl run --rm --mount type=image,src="$IMG",dst=/img,subpath=data "$IMG" cat /img/seed
    equals "$output" "from the image"
    fails_with 125 'is there a "nothing"' run --rm --mount type=image,src="$IMG",dst=/img,subpath=nothing "$IMG" true
}

@test "an image that is mounted cannot be removed without force" {
    local other=localhost/other:latest
    printf '%s' '{"layers": [{"entries": [{"path": "mark", "content": "other"}]}], "config": {}}' >other.json
    python3 "$CTL_TEST_MKIMG" build other.json other.layout
    python3 "$CTL_TEST_MKIMG" docker-archive other.layout other.tar "$other"
    ctl load -q -i other.tar
    ctl create --name user --mount type=image,src="$other",dst=/img "$IMG" cat /img/mark >/dev/null
    fails_with 2 "in use by container" rmi "$other"
    run_ctl start -a user
    equals "$output" other
    ctl rm user
    ctl rmi "$other"
}

@test "a pattern shows its matches below the destination" {
    touch src/one src/two
    run_ctl run --rm --mount "type=glob,src=$T/src/?[nw]*,dst=/g,ro" "$IMG" ls /g
    equals "$output" $'one\ntwo'
    fails_with 125 "nothing matches" run --rm --mount "type=glob,src=$T/src/*.c,dst=/g" "$IMG" true
}

@test "U gives the source to the container's user, and back" {
    run_ctl run --rm -v ./src:/m:U -u 1000:1000 "$IMG" sh -c 'stat -c %u:%g /m /m/file /m/sub; touch /m/mine'
    equals "$output" $'1000:1000\n1000:1000\n1000:1000'
    run_ctl run --rm -v ./src:/m:U "$IMG" stat -c %u /m/mine
    equals "$output" 0
    equals "$(stat -c %u src/mine)" "$(id -u)"
}

@test "U follows no link and names what cannot be given" {
    ln -s /etc/passwd src/link
    before=$(stat -c %u /etc/passwd)
    ctl run --rm -v ./src:/m:U -u 1000 "$IMG" true
    equals "$(stat -c %u /etc/passwd)" "$before"
    ctl run --rm -v ./src:/m:U "$IMG" true
    fails_with 125 "belongs neither to you" run --rm -v /usr/bin:/m:U -u 1000 "$IMG" true
}

@test "U on a tmpfs" {
    run_ctl run --rm --tmpfs /t:U,mode=700 -u 1000 "$IMG" sh -c 'stat -c %u /t; touch /t/x'
    equals "$status" 0
    equals "$output" 1000
}

@test "the options of a tmpfs reach it, on the image's content too" {
    run_ctl run --rm --mount type=tmpfs,dst=/data,tmpfs-size=1m,tmpfs-mode=750,uid=5,gid=6 "$IMG" sh -c 'stat -c "%a %u %g" /data; cat /data/seed; echo more >/data/x'
    equals "$output" $'750 5 6\nfrom the image'
    run_ctl run --rm --tmpfs /t:nr_inodes=3 "$IMG" sh -c 'touch /t/a /t/b /t/c'
    [ "$status" -ne 0 ]
    contains "$stderr" "No space"
}

@test "a ramfs, and the word that it has no limit" {
    run_ctl run --rm --mount type=ramfs,dst=/r,tmpfs-size=1m "$IMG" grep -c ' /r ramfs ' /proc/mounts
    equals "$output" 1
    contains "$stderr" "no limit"
}

@test "terminals of one's own" {
    run_ctl run --rm --mount type=devpts,dst=/pts,mode=620,max=2 "$IMG" grep ' /pts devpts ' /proc/mounts
    contains "$output" "max=2"
    run_ctl run --rm --mount type=devpts,dst=/dev/pts "$IMG" sh -c 'grep -c " /dev/pts " /proc/mounts; ls /dev/ptmx'
    equals "$output" $'1\n/dev/ptmx'
}

@test "a tmpfs inside of another one's content has its own, with owners, modes, times and links" {
    ctl run --name c "$IMG" sh -c 'mkdir -p /a/b/dir; chmod 1770 /a/b; cd /a/b; echo content >file
        chown 3:4 file dir; chmod 4755 file; ln -s file link; touch -d @981158400 dir file'
    ctl commit -q c nested
    show='cd /a/b; stat -c "%n %a %u:%g" .; stat -c "%n %a %u:%g %Y" dir file; readlink link; cat file; ls; touch new && echo written; grep -c " /a/b tmpfs" /proc/mounts'
    run_ctl run --rm --tmpfs /a --tmpfs /a/b nested sh -c "$show"
    equals "$output" "$(echo ". 1770 0:0
dir 755 3:4 981158400
file 4755 3:4 981158400
file
content
dir
file
link
written
1")"
    run_ctl run --rm --tmpfs /a --tmpfs /a/b:notmpcopyup nested ls /a /a/b
    equals "$output" $'/a:\nb\n\n/a/b:'
}

@test "--read-only-tmpfs=false leaves nothing writable" {
    run_ctl run --rm --read-only --read-only-tmpfs=false "$IMG" sh -c 'for d in / /dev /dev/shm /run /tmp /var/tmp; do touch $d/x && echo "$d"; done 2>/dev/null; echo ok >/dev/null && echo null'
    equals "$output" null
    run_ctl run --rm --read-only "$IMG" sh -c 'for d in / /dev /dev/shm /run /tmp /var/tmp; do touch $d/x && echo "$d"; done 2>/dev/null'
    equals "$output" $'/dev\n/dev/shm\n/run\n/tmp\n/var/tmp'
}

@test "--volumes-from takes volumes and directories over, and ro stays ro" {
    ctl create --name a -v v:/v -v ./src:/m:ro -v /anon --tmpfs /t "$IMG" true >/dev/null
    run_ctl run --rm --volumes-from a "$IMG" sh -c 'echo shared >/v/x; cat /m/file; ls -d /anon /t; touch /m/x'
    [ "$status" -ne 0 ]
    equals "$output" $'host\n/anon'
    run_ctl run --rm --volumes-from a:ro "$IMG" sh -c 'cat /v/x; touch /v/y'
    [ "$status" -ne 0 ]
    equals "$output" shared
    run_ctl run --rm --volumes-from a -v ./src/sub:/m "$IMG" ls /m
    equals "$output" ""
}

@test "an anonymous volume that another container uses outlives its own" {
    ctl create --name a -v /anon "$IMG" true >/dev/null
    ctl create --name b --volumes-from a "$IMG" ls /anon >/dev/null
    ctl rm -v a
    run_ctl start -a b
    equals "$status" 0
}

@test "--image-volume ignore and tmpfs" {
    blob=$(jq -r '.manifests[0].digest' "$(fixture busybox)/layout/index.json")
    blob=$(jq -r '.layers[0].digest' "$(fixture busybox)/layout/blobs/sha256/${blob#sha256:}")
    zcat "$(fixture busybox)/layout/blobs/sha256/${blob#sha256:}" >base.tar
    jq -n --arg tar "$T/base.tar" '{layers: [{tar: $tar}], config: {Env: ["PATH=/bin"], Volumes: {"/data": {}}}}' >v.json
    python3 "$CTL_TEST_MKIMG" build v.json v.layout
    python3 "$CTL_TEST_MKIMG" docker-archive v.layout v.tar localhost/v:latest
    ctl load -q -i v.tar
    run_ctl run --rm --image-volume tmpfs v sh -c 'grep -c " /data tmpfs " /proc/mounts; cat /data/seed'
    equals "$output" $'1\nfrom the image'
    run_ctl run --rm --image-volume ignore v grep -c ' /data ' /proc/mounts
    equals "$output" 0
    ctl run --name keeps v true
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 1
}

@test "relabelling is nothing where SELinux is off" {
    [ ! -d /sys/fs/selinux ] || skip "SELinux is enabled here"
    run_ctl run --rm -v ./src:/m:z "$IMG" cat /m/file
    equals "$output" host
}

@test "exec, dev and suid are refused where the machine's mount does not grant them" {
    local noexec
    noexec=$(findmnt -rno TARGET,OPTIONS | awk '$2 ~ /noexec/ && $1 ~ /^\/(dev\/shm|run|tmp)$/ {print $1; exit}')
    [ -n "$noexec" ] || skip "no noexec mount here"
    fails_with 125 "is mounted noexec" run --rm -v "$noexec:/m:exec" "$IMG" true
    run_ctl run --rm -v "$noexec:/m" "$IMG" true
    equals "$status" 0
}

@test "mounts over /etc get our files where that can be" {
    mkdir etc
    run_ctl run --rm -v ./etc:/etc:ro "$IMG" ls /etc
    equals "$output" ""
    run_ctl run --rm -v ./etc:/etc "$IMG" sh -c 'ls /etc; grep -c "^127.0.0.1.localhost" /etc/hosts'
    contains "$output" $'hostname\nhosts\nresolv.conf\n'
    [ "${lines[3]}" -gt 0 ]
}
