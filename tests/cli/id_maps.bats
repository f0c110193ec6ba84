# --userns, --uidmap and --gidmap: which ids a container has, and who owns the image's files then.
load helper
setup() { setup_busybox; }

# Whether the kernel's overlay can show files under other owners; CTL_TEST_REQUIRE=shift makes it an error if not.
need_shift() { need shift; }
can_shift() {
    mkdir -p "$T/shift/"{s,d,u,w,m} && echo x >"$T/shift/d/f" && touch "$T/shift/s/f" || return
    python3 -c 'import os, sys
os.setxattr(sys.argv[1], "user.overlay.metacopy", b""); os.setxattr(sys.argv[1], "user.overlay.redirect", b"/f"); os.truncate(sys.argv[1], 2)' "$T/shift/s/f" || return
    unshare --user --map-root-user --map-auto --mount sh -c 'mount -t overlay overlay -o "userxattr,lowerdir=$0/s::$0/d,upperdir=$0/u,workdir=$0/w" "$0/m" && cat "$0/m/f"' "$T/shift" >/dev/null 2>&1
}
# owner PATH [ctl run's options]: UID:GID of a path in a new container.
owner() { ctl run --rm "${@:2}" "$IMG" stat -c %u:%g "$1"; }

@test "inspect tells Podman's words for the user namespace" {
    ctl create --name default "$IMG" true >/dev/null
    equals "$(ctl inspect --format '{{.HostConfig.UsernsMode}}' default)" ""
    ctl create --name kept --userns keep-id "$IMG" true >/dev/null
    equals "$(ctl inspect --format '{{.HostConfig.UsernsMode}}' kept)" private
}

@test "keep-id shows the caller under her own ids and runs as her" {
    need_shift
    equals "$(ctl run --rm --userns keep-id "$IMG" id -u)" "$(id -u)"
    equals "$(ctl run --rm --userns keep-id "$IMG" id -g)" "$(id -g)"
    equals "$(ctl run --rm --userns keep-id --user 0 "$IMG" id -u)" 0
}

@test "keep-id's caller and her group have their names, and she a home where it is mounted" {
    need_shift
    name=$(ctl run --rm "$IMG" sed -n "s/^\([^:]*\):[^:]*:$(id -u):.*/\1/p" /etc/passwd) # the image's goes first
    equals "$(ctl run --rm --userns keep-id "$IMG" id -un)" "${name:-$(id -un)}"
    name=$(ctl run --rm "$IMG" sed -n "s/^\([^:]*\):[^:]*:$(id -g):.*/\1/p" /etc/group)
    equals "$(ctl run --rm --userns keep-id "$IMG" id -gn)" "${name:-$(id -gn)}"
    home=$(ctl run --rm "$IMG" sed -n "s/^[^:]*:[^:]*:$(id -u):.*:\([^:]*\):[^:]*$/\1/p" /etc/passwd)
    equals "$(ctl run --rm --userns keep-id -w /tmp "$IMG" sh -c 'echo $HOME; id -u')" "${home:-/tmp}"$'\n'"$(id -u)"
    equals "$(ctl run --rm --userns keep-id -v "$HOME:$HOME" "$IMG" sh -c 'echo $HOME')" "${home:-$HOME}"
}

@test "keep-id's files of the image are root's, and the caller may not change them" {
    need_shift
    equals "$(owner /bin/busybox --userns keep-id)" 0:0
    equals "$(owner / --userns keep-id)" 0:0
    run_ctl run --rm --userns keep-id "$IMG" sh -c 'echo x >>/etc/passwd'
    [ "$status" -ne 0 ]
}

@test "keep-id's root can change the image's files, and the image stays as it is" {
    need_shift
    run_ctl run --rm --userns keep-id --user 0 "$IMG" sh -c 'echo mine >>/etc/group && tail -1 /etc/group && stat -c %u /etc/group && rm /etc/passwd && ls /etc/passwd'
    equals "${lines[0]}" mine
    equals "${lines[1]}" 0
    contains "$stderr" "No such file"
    ctl run --rm --userns keep-id "$IMG" test -s /etc/passwd
    lacks "$(ctl run --rm "$IMG" cat /etc/group)" mine
}

@test "keep-id makes files on a bind mount the caller's, outside and inside" {
    need_shift
    mkdir "$T/shared"
    ctl run --rm --userns keep-id -v "$T/shared:/s" "$IMG" sh -c 'echo hi >/s/file; stat -c %u:%g /s/file' >"$T/inside"
    equals "$(cat "$T/inside")" "$(id -u):$(id -g)"
    equals "$(stat -c %u:%g "$T/shared/file")" "$(id -u):$(id -g)"
}

@test "keep-id takes other numbers and a size" {
    need_shift
    run_ctl run --rm --userns keep-id:uid=7,gid=8 "$IMG" id
    contains "$output" "uid=7"
    contains "$output" "gid=8"
    run_ctl run --rm --userns keep-id:size=5000 "$IMG" awk '{ sum += $3 } END { print sum }' /proc/self/uid_map
    equals "$output" 5000
}

@test "--oom-score-adj holds under a map of one's own" {
    equals "$(ctl run --rm --userns keep-id --oom-score-adj 700 "$IMG" cat /proc/self/oom_score_adj)" 700
}

@test "nomap leaves the caller out" {
    need_shift
    equals "$(ctl run --rm --userns nomap "$IMG" awk '{ print $1 }' /proc/self/uid_map)" 0
    equals "$(owner /bin/busybox --userns nomap)" 0:0
    mkdir "$T/shared" && chmod 755 "$T"
    equals "$(ctl run --rm --userns nomap -v "$T/shared:/s" "$IMG" stat -c %u /s)" 65534
    run_ctl run --rm --userns nomap -v "$T/shared:/s" "$IMG" touch /s/file
    [ "$status" -ne 0 ]
}

@test "auto gives each container ids of its own, and frees them with it" {
    need_shift
    ctl run -d --name one --userns auto:size=3000 "$IMG" sleep 1000 >/dev/null
    ctl run -d --name two --userns auto:size=4000 "$IMG" sleep 1000 >/dev/null
    # Of this machine, as the host sees the maps.
    local one two
    one=$(awk '{ print $2 }' "/proc/$(ctl inspect --format '{{.State.Pid}}' one)/uid_map")
    two=$(awk '{ print $2 }' "/proc/$(ctl inspect --format '{{.State.Pid}}' two)/uid_map")
    equals "$two" $((one + 3000))
    equals "$(ctl exec two awk '{ print $3 }' /proc/self/uid_map)" 4000
    ctl rm -f -t 0 one >/dev/null
    ctl run -d --name three --userns auto:size=3000 "$IMG" sleep 1000 >/dev/null
    equals "$(awk '{ print $2 }' "/proc/$(ctl inspect --format '{{.State.Pid}}' three)/uid_map")" "$one"
}

@test "auto without a free range is an error that says so" {
    fails_with 125 "is free" run --userns auto:size=10000000 "$IMG" true
}

@test "--uidmap maps as it is told, + and @ included" {
    need_shift
    equals "$(ctl run --rm --uidmap +5:0 "$IMG" awk '{ print $1 "=" $2 "+" $3 }' /proc/self/uid_map | head -2 | tr '\n' ' ')" "0=1+5 5=0+1 "
    equals "$(ctl run --rm --uidmap "u+5:@$(id -u)" --gidmap +0:0 "$IMG" awk 'NR == 2 { print $1 "=" $2 }' /proc/self/uid_map)" 5=0
}

@test "a map that leaves the image's ids as they are needs nothing made" {
    equals "$(owner /bin/busybox --uidmap 0:0:3000)" 0:0
    run ls -d "$XDG_DATA_HOME"/ctl/maps/*/fs
    [ "$status" -ne 0 ]
}

@test "a kernel that cannot show the image under other owners is told of before anything is made" {
    export CTL_STORAGE_DRIVER=overlay
    mkdir -p "$XDG_RUNTIME_DIR/ctl"
    # What is remembered of a mount that was tried, as an older kernel would have it.
    printf '%s %s %s\nwhy not' "$(cat /proc/sys/kernel/random/boot_id)" "$(uname -r)" "$XDG_DATA_HOME/ctl" >"$XDG_RUNTIME_DIR/ctl/shift-probe"
    for mode in keep-id auto nomap; do
        fails_with 125 "Linux can show from version 6.16 on, but not here (why not); the default map works" create --userns $mode "$IMG"
    done
    equals "$(ctl ps -aq)" ""
    ctl run --rm "$IMG" true
    ctl run --rm --uidmap 0:0:10000 --gidmap 0:0:10000 "$IMG" true
}

@test "files and users outside of the map are refused with the reason" {
    fails_with 125 "the image has files of user" run --rm --uidmap u0:0:2 --gidmap 0:0:3000 "$IMG" true
    fails_with 125 "user 5000 does not exist in the container: its id map has only 0-2999" run --rm --uidmap 0:0:3000 -u 5000 "$IMG" true
}

@test "--userns goes with no map of one's own" {
    fails_with 125 "exclude each other" run --userns keep-id --uidmap 0:0:1 "$IMG" true
    fails_with 125 "exclude each other" run --uidmap 0:0:1 --subuidname x "$IMG" true
    fails_with 125 "--userns=nonsense" run --userns nonsense "$IMG" true
}

@test "--subuidname maps the ranges of one's own name, and of no other" {
    need_shift
    equals "$(ctl run --rm --subuidname "$(id -un)" "$IMG" awk 'NR == 1 { print $1 "=" $2 }' /proc/self/uid_map)" 0=1
    fails_with 125 "has no ids for" run --subuidname nobody-has-this "$IMG" true
}

@test "PODMAN_USERNS is the default" {
    need_shift
    equals "$(PODMAN_USERNS=keep-id ctl run --rm "$IMG" id -u)" "$(id -u)"
    equals "$(PODMAN_USERNS=keep-id ctl run --rm --userns host "$IMG" id -u)" 0
}

@test "containers share a user namespace that has a map of its own" {
    need_shift
    ctl run -d --name one --userns auto "$IMG" sleep 1000 >/dev/null
    equals "$(ctl run --rm --userns container:one "$IMG" cat /proc/self/uid_map)" "$(ctl exec one cat /proc/self/uid_map)"
    equals "$(owner / --userns container:one)" 0:0
    contains "$(ctl run --rm --userns container:one --pid container:one --network container:one "$IMG" ps)" "sleep 1000"
    fails_with 125 "does not have" run --rm --network container:one "$IMG" true
}

@test "a container with another map joins what it may and has no power over it" {
    need_shift
    ctl run -d --name box "$IMG" sleep 1000 >/dev/null
    ctl exec box sh -c 'echo shared >/dev/shm/file; chmod 644 /dev/shm/file'
    run_ctl run --rm --userns keep-id --network container:box --ipc container:box --pid container:box "$IMG" sh -c 'cat /dev/shm/file; ls /sys/class/net; ps'
    equals "${lines[0]}" shared
    equals "${lines[1]}" eth0
    contains "$output" "sleep 1000"
    run_ctl run --rm --userns keep-id --user 0 --network container:box "$IMG" nc -l -p 80
    contains "$stderr" "ermission denied"
}

@test "such a container restarts, takes exec, keeps its files, publishes ports and goes completely" {
    need_shift
    local port
    port=$(free_port)
    ctl run -d --name box --userns keep-id --user 0 -p "$port:80" "$IMG" \
        sh -c 'mkdir -p /w; echo served >/w/index.html; chown 1:1 /w/index.html; exec httpd -f -p 80 -h /w' >/dev/null
    eventually curl -fsS --noproxy '*' "http://127.0.0.1:$port/"
    ctl stop -t 0 box >/dev/null
    ctl start box
    equals "$(ctl exec box stat -c %u /w/index.html)" 1
    equals "$(ctl exec --user "$(id -u)" box id -u)" "$(id -u)"
    ctl rm -f -t 0 box >/dev/null
    run find "$XDG_DATA_HOME/ctl/containers" "$XDG_DATA_HOME/ctl/trash" -mindepth 1
    equals "$output" ""
}

@test "volumes filled from the image belong to the image's users" {
    need_shift
    ctl run --rm --userns keep-id -v etc:/etc "$IMG" stat -c %u /etc/passwd >"$T/owner"
    equals "$(cat "$T/owner")" 0
}

@test "an image that is mounted shows the owners it has, under any map, running or not" {
    need_shift
    local mode option
    for mode in keep-id auto nomap; do
        for option in "" ,rw=true; do
            equals "$(owner /i/bin/busybox --userns $mode --mount type=image,source="$IMG",destination=/i$option)" 0:0
            equals "$(owner /i --userns $mode --mount type=image,source="$IMG",destination=/i$option)" 0:0
        done
        ctl create --name c --userns $mode --mount type=image,source="$IMG",destination=/i "$IMG" true
        equals "$(ctl cp c:/i/bin/busybox - | tar tv --numeric-owner | awk '{print $2}')" 0/0
        ctl rm c
    done
}

@test "system prune frees the trees of maps that no container has" {
    need_shift
    [[ ${CTL_TEST_STORAGE_DRIVER:-} != @(fuse|combined) ]] || skip "there it needs no trees"
    ctl run --name kept --userns keep-id "$IMG" true
    ctl create --name image --userns nomap --mount type=image,source="$IMG",destination=/i "$IMG" true
    ctl start -a image
    ctl run --rm --userns keep-id:uid=7 "$IMG" true
    equals "$(ls "$XDG_DATA_HOME/ctl/maps" | grep -vc '^lock$')" 3
    ctl container clone kept other >/dev/null
    ctl run -d --name on --userns keep-id "$IMG" sleep 1000
    ctl system prune --force >/dev/null # takes all containers that do not run
    equals "$(ls "$XDG_DATA_HOME/ctl/maps" | grep -vc '^lock$')" 1
    ctl exec on ls /bin/busybox
    ctl restart -t 0 on
    ctl rm -f -t 0 on
    ctl system prune --force >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/maps" | grep -vx lock)" ""
    equals "$(owner /bin/busybox --userns keep-id)" 0:0
}

@test "setuid programs of the image work with a map of one's own" {
    need_shift
    # Busybox' su says so when it has not become root.
    ctl run -d --name box --userns keep-id --user 0 "$IMG" sh -c 'cp /bin/busybox /tmp/su; chmod 4755 /tmp/su; sleep 1000' >/dev/null
    eventually ctl exec box test -u /tmp/su
    run_ctl exec --user 5 box /tmp/su nobody-by-that-name
    lacks "$stderr$output" "must be suid"
    ctl exec box chmod 755 /tmp/su
    run_ctl exec --user 5 box /tmp/su nobody-by-that-name
    contains "$stderr$output" "must be suid"
}

@test "set-ids, capabilities and access control lists of the image's files hold with a map of one's own" {
    need_shift
    cat >make.py <<'PY'
import os, shutil, struct, sys
os.chdir(sys.argv[1])
for name in ("t/su", "t/able/busybox", "t/secret"):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    shutil.copy("bin/busybox", name)
os.chmod("t/su", 0o4755)
os.chmod("t/able/busybox", 0o755)
os.setxattr("t/able/busybox", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))  # cap_net_bind_service=ep
none = 0xffffffff  # user::rw-,user:1000:r--,group::---,mask::r--,other::---
entries = [(1, 6, none), (2, 4, 1000), (4, 0, none), (16, 4, none), (32, 0, none)]
os.setxattr("t/secret", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))
PY
    CTL_STORAGE_DRIVER=overlay ctl create --name maker "$IMG" true >/dev/null
    CTL_STORAGE_DRIVER=overlay ctl unshare bash -c 'python3 make.py "$("$CTL" mount maker)"'
    CTL_STORAGE_DRIVER=overlay ctl commit -q maker made >/dev/null
    local mode
    for mode in keep-id auto; do
        ctl run -d --name box --userns $mode --user 0 made sleep 1000 >/dev/null
        run_ctl exec --user 5 box /t/su nobody-by-that-name
        lacks "$stderr$output" "must be suid"
        contains "$(ctl exec --user 5 box /t/able/busybox grep CapEff /proc/self/status)" 0000000000000400
        ctl exec box sh -c 'touch /t/able/busybox /t/secret; chmod 4755 /t/su' # copied up, and the same
        contains "$(ctl exec --user 5 box /t/able/busybox grep CapEff /proc/self/status)" 0000000000000400
        equals "$(ctl exec --user 1000 box head -c 3 /t/secret | tail -c 2)" EL
        run_ctl exec --user 999 box cat /t/secret
        contains "$stderr" "Permission denied"
        run_ctl exec --user 5:0 box cat /t/secret
        contains "$stderr" "Permission denied" # the group has nothing: the mode's bits are the mask
        ctl rm -f -t 0 box
        ctl run --rm --userns $mode --user 1000 made head -c 3 /t/secret >first
        equals "$(tail -c 2 first)" EL
    done
}

@test "an image of several layers shows the caller's map in all of them" {
    need_shift
    local image
    load_image debian-nginx
    image=$IMG
    equals "$(ctl run --rm --userns keep-id --entrypoint '["busybox","stat","-c","%u %s"]' "$image" /etc/passwd /usr/sbin/nginx /docker-entrypoint.sh | cut -d' ' -f1 | sort -u)" 0
    equals "$(ctl run --rm --userns keep-id --entrypoint '["/usr/sbin/nginx","-v"]' "$image" 2>&1)" "$(ctl run --rm --entrypoint '["/usr/sbin/nginx","-v"]' "$image" 2>&1)"
    equals "$(ctl run --rm --userns keep-id --user 0 --entrypoint '["busybox","sh","-c","echo more >>/etc/passwd; tail -n 1 /etc/passwd"]' "$image")" more
}
