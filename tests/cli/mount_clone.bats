# mount and umount inside a user namespace, and container clone.
load helper
setup() { setup_busybox; }

# inside SCRIPT: in a user namespace with the store's map.
inside() {
    local uids gids
    uids=$(awk -F: -v user="$(id -un)" '$1 == user { print $2 ",1," $3; exit }' /etc/subuid)
    gids=$(awk -F: -v user="$(id -un)" '$1 == user { print $2 ",1," $3; exit }' /etc/subgid)
    unshare --user --map-root-user --map-users="$uids" --map-groups="$gids" --mount bash -c "ctl() { \"\$CTL\" \"\$@\"; }; $1"
}

@test "mount outside a user namespace says how to do it" {
    ctl create --name c "$IMG" true >/dev/null
    fails_with 125 "ctl unshare" mount c
    equals "$(ctl mount)" ""
}

@test "mount shows a container's files, to be written while it does not run" {
    ctl run --name c -v vol:/vol "$IMG" sh -c 'echo made >/made; echo in >/vol/in'
    run inside 'm=$(ctl mount c); cat "$m/made"; ls "$m/vol"; echo outside >"$m/outside"; ctl mount | wc -l; ctl umount c; ctl mount | wc -l'
    equals "$output" $'made\n1\nc\n0'
    equals "$(ctl cp c:/outside - | tar x --to-stdout)" outside
}

@test "mount of a running container is read-only" {
    ctl run -d --name box "$IMG" sh -c 'echo made >/made; exec sleep 1000' >/dev/null
    eventually ctl exec box test -e /made
    run inside 'm=$(ctl mount box); cat "$m/made"; touch "$m/x" 2>/dev/null || echo refused; ctl umount --all >/dev/null; ctl mount --format json'
    equals "$output" $'made\nrefused\n[]'
}

@test "umount refuses what is in use, unless --force says so" {
    ctl create --name c "$IMG" true >/dev/null
    run inside 'cd "$(ctl mount --latest)"; ctl umount c 2>/dev/null || echo busy; ctl umount --force c; ctl mount'
    equals "$output" $'busy\nc'
}

@test "umount of what is not mounted is an error" {
    ctl create --name c "$IMG" true >/dev/null
    run inside 'ctl umount c'
    equals "$status" 125
    contains "$output" "not mounted here"
}

@test "clone makes a container of the same kind" {
    ctl create --name one -e KEY=value -v /anon -v shared:/named "$IMG" sh -c 'echo $KEY; hostname; cat /etc/hosts' >/dev/null
    id=$(ctl container clone one)
    equals "$(ctl inspect --format '{{.Name}}' "$id")" one-clone
    run_ctl start --attach one-clone
    contains "$output" value
    contains "$output" "${id:0:12}"
    contains "$output" one-clone
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 3
    ctl rm -v one-clone
    equals "$(ls "$XDG_DATA_HOME/ctl/volumes" | wc -l)" 2
}

@test "clone with a name, another image, --run and --destroy" {
    ctl create --name one "$IMG" cat /mark >/dev/null
    ctl run --name marker "$IMG" sh -c 'echo marked >/mark'
    ctl commit -q marker other >/dev/null
    ctl container clone --destroy one two other
    run_ctl start --attach two
    equals "$output" marked
    run_ctl inspect one
    [ "$status" -ne 0 ]
    ctl run -d --name runs "$IMG" sleep 1000 >/dev/null
    fails_with 2 runs container clone --destroy runs moved
    ctl rm moved
    ctl container clone --destroy --force --run --name moved runs
    eventually is_running moved
}

@test "a clone has overlays and secrets of its own, and the images that are mounted" {
    mkdir source
    echo old >source/old
    printf 'app is the word' | ctl secret create word - >/dev/null
    ctl run --name app -v ./source:/o:O --secret word,uid=5,mode=0400 --mount type=image,source="$IMG",destination=/image \
        --mount type=image,source="$IMG",destination=/changed,rw=true \
        "$IMG" sh -c 'ls /o; stat -c "%u %a" /run/secrets/word; cat /run/secrets/word; echo; ls /image/bin/busybox; echo x >/o/new; echo x >/changed/new' >first
    ctl container clone --destroy app copy >/dev/null
    ctl start -a copy >second
    equals "$(cat second)" "$(cat first)"
    contains "$(cat second)" "5 400"
    contains "$(cat second)" "app is the word"
    equals "$(ctl cp copy:/o - | tar t | sort)" $'o/\no/new\no/old'
    ctl container clone copy third >/dev/null
    equals "$(ctl start -a third)" "$(cat first)"
}

@test "clone takes limits" {
    ctl create --name one "$IMG" true >/dev/null
    ctl container clone --cpus 1.5 --memory 64m one limited
    equals "$(ctl inspect --format '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}' limited)" "1500000000 67108864"
    fails_with 125 "--memory-swap" container clone --memory 64m --memory-swap 1m one
    fails_with 125 "--cpus" container clone --cpus 0.001 one
    fails_with 125 "in use" container clone one limited
}

@test "image mount shows an image's files, read-only, and image unmount takes them away" {
    run inside 'm=$(ctl image mount '"$IMG"'); cat "$m/etc/passwd" | head -1 | cut -d: -f1; stat -c %u "$m/bin"; touch "$m/x" 2>/dev/null || echo read-only
        ctl image mount | wc -l; ctl image unmount '"$IMG"'; ctl image mount | wc -l'
    equals "$output" $'root\n0\nread-only\n1\n'"$IMG"$'\n0'
}

@test "image mount --all and --format json tell of every image" {
    ctl run --name c "$IMG" touch /new
    ctl commit -q c second
    run inside 'ctl image mount --all --format json | grep -c mountpoint; for m in $(ctl image mount | cut -d" " -f2); do ls "$m" | grep -c new; done | sort
        ctl image unmount --all | wc -l'
    equals "$output" $'2\n0\n1\n2'
}

@test "image mount outside a user namespace says how to do it" {
    fails_with 125 "ctl unshare" image mount "$IMG"
}
