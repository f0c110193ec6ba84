# --transient-store: containers that a reboot ends for good; and --tmpdir.
load helper
setup() { setup_busybox; }

boot() { cat /proc/sys/kernel/random/boot_id; }
# reboot: what a stopped machine would leave, as the next boot sees it.
reboot() { mv "$XDG_DATA_HOME/ctl/transient/$(boot)" "$XDG_DATA_HOME/ctl/transient/11111111-2222-3333-4444-555555555555"; }
transient() { "$CTL" --transient-store "$@"; }

@test "a transient container is like any other until the machine goes down" {
    transient run -d --name c --network=none "$IMG" sh -c 'echo begun; sleep 100'
    transient create --name second --network=none "$IMG" true >/dev/null
    equals "$(ctl ps --format '{{.Names}}')" c
    equals "$(ctl ps -a --noheading | wc -l)" 2
    equals "$(ctl exec c echo inside)" inside
    contains "$(ctl logs c)" begun
    ctl stop --time 0 c >/dev/null
    ctl rename c new
    ctl start new >/dev/null
    ctl rm --force new second >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/transient/$(boot)")" ""
    equals "$(ctl system check)" ""
}

@test "after a reboot it is gone with its name, its files and its volumes; images and other containers stay" {
    ctl create --name stays --network=none "$IMG" echo there >/dev/null
    transient create --name c --network=none -v /data -v named:/named "$IMG" true >/dev/null
    reboot
    equals "$(ctl ps -a --format '{{.Names}}')" stays
    run_ctl container exists c
    equals "$status" 1
    fails_with 125 'no container with name or id "c"' start c
    contains "$(ctl system check)" "1 transient containers of before the last boot"
    ctl create --name c --network=none "$IMG" true >/dev/null # the name is free
    ctl system prune --force --volumes=false >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/transient")" ""
    equals "$(ctl volume ls --quiet)" named
    equals "$(ctl run --rm --network=none "$IMG" echo image)" image
    equals "$(ctl system check)" ""
}

@test "the first start after a boot clears up" {
    transient create --name c --network=none "$IMG" true >/dev/null
    reboot
    rm -f "$XDG_RUNTIME_DIR"/ctl/overlay-probe
    ctl run --rm --network=none "$IMG" true
    equals "$(ls "$XDG_DATA_HOME/ctl/transient")" ""
}

@test "a record that a power cut has torn harms nobody after the boot" {
    transient create --name c --network=none "$IMG" true >/dev/null
    reboot
    echo '{"id"' >"$(echo "$XDG_DATA_HOME"/ctl/transient/*/*/record.json)"
    equals "$(ctl ps -a --quiet)" ""
    ctl rmi "$IMG" >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/layers")" ""
    ctl system prune --force >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/transient")" ""
}

@test "garbage collection sees both kinds of containers, whatever the runtime directory" {
    transient create --name c --network=none -v data:/data "$IMG" echo kept >/dev/null
    fails_with 2 "is in use by container" rmi "$IMG"
    mkdir -m 0700 "$T/cron"
    XDG_RUNTIME_DIR=$T/cron ctl system prune --all --force --filter label=none >/dev/null 2>&1 || XDG_RUNTIME_DIR=$T/cron ctl image prune --all --force
    fails_with 2 "data" volume rm data
    equals "$(ctl start --attach c)" kept
}

@test "a name is one for both kinds" {
    transient create --name c --network=none "$IMG" true >/dev/null
    fails_with 125 'the name "c" is in use' create --name c --network=none "$IMG" true
}

@test "a clone and a required container of the other kind" {
    transient run -d --name c --network=none "$IMG" sleep 100 >/dev/null
    ctl create --name behind --requires c --network=container:c "$IMG" true >/dev/null
    fails_with 125 "behind" rm --force c
    ctl rm behind >/dev/null
    ctl container clone c copy >/dev/null
    reboot_of=$(ls "$XDG_DATA_HOME/ctl/containers" | wc -l)
    equals "$reboot_of" 1 # the clone is of the kind that is asked for when it is made
}

@test "CTL_TRANSIENT_STORE=1 is --transient-store, and --transient-store=false overrides it" {
    CTL_TRANSIENT_STORE=1 ctl create --network=none "$IMG" true >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/transient/$(boot)" | wc -l) $(ls "$XDG_DATA_HOME/ctl/containers" 2>/dev/null | wc -l)" "1 0"
    CTL_TRANSIENT_STORE=1 ctl --transient-store=false create --network=none "$IMG" true >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/transient/$(boot)" | wc -l) $(ls "$XDG_DATA_HOME/ctl/containers" | wc -l)" "1 1"
    equals "$(ctl --transient-store info --format '{{.store.transientStore}}') $(ctl info --format '{{.store.transientStore}}')" "true false"
    fails_with 125 "--transient-store is true or false" --transient-store=maybe ps
}

@test "with --rm, with --imagestore and in system df it counts as what it is" {
    transient run --rm --network=none "$IMG" echo once
    transient create --name c --network=none "$IMG" true >/dev/null
    equals "$(ctl system df --format '{{.Type}} {{.Total}}' | sed -n 2p)" "Containers 1"
    equals "$(ctl system df --verbose | grep -c ' c$')" 1
    "$CTL" --imagestore "$T/images" load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    "$CTL" --imagestore "$T/images" --transient-store create --name d --network=none "$IMG" echo apart >/dev/null
    fails_with 2 "of $XDG_DATA_HOME/ctl" --root "$T/other" --imagestore "$T/images" rmi "$IMG"
    equals "$(ctl start --attach d)" apart
}

@test "--tmpdir has the sockets of running containers, and attach finds them without it" {
    "$CTL" --tmpdir "$T/tmp" run -d -i --name c --network=none "$IMG" cat
    equals "$(ls "$T/tmp/attach" | wc -l)" 1
    equals "$(ls "$XDG_RUNTIME_DIR/ctl/attach" 2>/dev/null | wc -l)" 0
    ctl rm --force --time 0 c >/dev/null
    equals "$(ls "$T/tmp/attach")" ""
    CTL_TMPDIR=$T/tmp ctl run -d -i --name c --network=none "$IMG" sh -c 'read line; echo "$line" read'
    equals "$(echo word | ctl attach c)" "word read"
}

@test "--tmpdir where others can write is refused, and a relative one is taken from here" {
    mkdir -m 0777 open
    mkdir open/attach
    chmod 0777 open/attach
    fails_with 125 "others can write there" --tmpdir open run -d --network=none "$IMG" true
    "$CTL" --tmpdir here run --network=none --rm "$IMG" true
    [ -d here/attach ]
    fails_with 125 "--tmpdir: a directory is needed" --tmpdir= ps
}
