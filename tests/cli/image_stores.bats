# Images of further stores, which are only read: additionalimagestore, and stores made for all users with force_mask=shared.
load helper
setup() {
    setup_busybox
    need fuse
    export STORE=$T/images
}
teardown() {
    [ -z "${STORE:-}" ] || "$CTL" --root "$STORE" unshare rm -rf "$STORE" || true # what is not ours any more
    ctl_teardown
}

# shared_store: one with the busybox image and a file of user 33; everything in it belongs to another user than us.
shared_store() {
    ctl --root "$STORE" --storage-opt force_mask=shared load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    ctl --root "$STORE" run --network=none --name make "$IMG" sh -c 'echo theirs >/file; chown 33:34 /file; chmod 4750 /file; ln -s file /link'
    ctl --root "$STORE" commit --quiet make localhost/shared:1 >/dev/null
    ctl --root "$STORE" rm make >/dev/null
    ctl --root "$STORE" unshare chown -hR 1:1 "$STORE"
    export CTL_IMAGE_STORES=$STORE
}

# own_store: a further store of our own, with the image localhost/far:1.
own_store() {
    ctl --root "$STORE" load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    ctl --root "$STORE" tag "$IMG" localhost/far:1
    ctl --root "$STORE" untag "$IMG" "$IMG"
    export CTL_IMAGE_STORES=$STORE
}

@test "an image of a further store is listed as read-only, and runs" {
    own_store
    equals "$(ctl images --filter readonly=true --format '{{.Repository}}:{{.Tag}} {{.ReadOnly}}')" "localhost/far:1 true"
    equals "$(ctl run --rm --network=none localhost/far:1 echo here)" here
}

@test "without the store its image is not there" {
    own_store
    unset CTL_IMAGE_STORES
    fails_with 125 "localhost/far:1" run --rm --pull=never localhost/far:1 true
}

@test "a line of ~/.config/ctl/image-stores names a further store" {
    own_store
    unset CTL_IMAGE_STORES
    mkdir -p "$T/config/ctl"
    printf '# images for all\n%s/\n' "$STORE" >"$T/config/ctl/image-stores"
    equals "$(XDG_CONFIG_HOME=$T/config "$CTL" run --rm --network=none localhost/far:1 echo here)" here
}

@test "--storage-opt additionalimagestore names a further store; other options are an error" {
    own_store
    unset CTL_IMAGE_STORES
    equals "$("$CTL" --storage-opt overlay.additionalimagestore="$STORE" run --rm --network=none localhost/far:1 echo here)" here
    fails_with 125 "--storage-opt size=10G: there are additionalimagestore=DIR and force_mask=shared" --storage-opt size=10G images
}

@test "a further store that is named and cannot be used is an error that names it and who did" {
    unset CTL_IMAGE_STORES
    fails_with 125 '--storage-opt additionalimagestore: image store "/nonexist" is not there' --storage-opt additionalimagestore=/nonexist images
    CTL_IMAGE_STORES=$T/x/y fails_with 125 "CTL_IMAGE_STORES: image store \"$T/x/y\" is not there" images
    CTL_IMAGE_STORES=relative fails_with 125 'CTL_IMAGE_STORES: image store "relative": an absolute path is needed' images
    CTL_IMAGE_STORES=/etc/passwd fails_with 125 'CTL_IMAGE_STORES: image store "/etc/passwd" is not a directory' images
    printf '[storage.options]\nadditionalimagestores = ["/nonexist"]\n' >s.conf
    CTL_STORAGE_CONF=$T/s.conf fails_with 125 "$T/s.conf: image store \"/nonexist\" is not there" images
    CTL_STORAGE_CONF=$T/s.conf CTL_IMAGE_STORES='' ctl images
    mkdir -p "$STORE/images"
    CTL_IMAGE_STORES=$STORE ctl images
    chmod 0 "$STORE"
    CTL_IMAGE_STORES=$STORE run_ctl images
    chmod 700 "$STORE"
    equals "$status" 125
    contains "$stderr" "CTL_IMAGE_STORES: image store \"$STORE\": Permission denied; its owner makes one for other users by --storage-opt force_mask=shared"
}

@test "a store that all users read shows its owners and modes to others" {
    shared_store
    equals "$(ctl run --rm --network=none localhost/shared:1 stat -c '%u:%g %a' /file)" "33:34 4750"
    equals "$(ctl run --rm --network=none localhost/shared:1 stat -c '%u:%g' /link)" 0:0
    equals "$(ctl run --rm --network=none localhost/shared:1 sh -c 'chmod 600 /file; cat /link; stat -c "%u %a" /file')" $'theirs\n33 600'
}

@test "what is shared takes no room in the user's own store" {
    shared_store
    ctl run --name c --network=none localhost/shared:1 true
    equals "$(find "$XDG_DATA_HOME"/ctl/layers/*/fs -maxdepth 0 -type l | wc -l)" 1 # busybox's own layer is there already
    [ "$(du -sk "$(readlink -f "$XDG_DATA_HOME/ctl/layers")"/"$(basename "$(dirname "$(find "$XDG_DATA_HOME"/ctl/layers -name fs -type l)")")" | cut -f1)" -le 20 ]
}

@test "the kernel's overlay cannot show a shared store, and says so" {
    shared_store
    fails_with 125 "storage driver fuse" --storage-driver overlay run --rm --network=none localhost/shared:1 true
}

@test "a container of a shared image is committed, copied from and started again" {
    shared_store
    ctl run --name c --network=none localhost/shared:1 sh -c 'echo mine >>/file'
    equals "$(ctl cp c:/file - | tar -xO)" $'theirs\nmine'
    ctl start --attach c
    contains "$(ctl diff c)" "C /file"
    ctl commit --quiet c localhost/mine:1 >/dev/null
    equals "$(ctl run --rm --network=none localhost/mine:1 sh -c 'stat -c "%u" /file; tail -n 1 /file')" $'33\nmine'
}

@test "an image of a further store is not removed or renamed from here" {
    own_store
    fails_with 125 "is in the store $STORE, which is only read" rmi localhost/far:1
    fails_with 125 "is in the store $STORE, which is only read" untag localhost/far:1
    ctl tag localhost/far:1 near:1
    ctl rmi near:1 >/dev/null
    ctl --root "$STORE" image exists localhost/far:1
}

@test "an image of a further store is pushed and saved as it is there" {
    shared_store
    ctl save --quiet --format oci-dir -o "$T/saved" localhost/shared:1
    id=$(ctl images --no-trunc --quiet --filter reference=localhost/shared)
    CTL_IMAGE_STORES='' ctl load --quiet -i "$T/saved" >/dev/null
    contains "$(CTL_IMAGE_STORES='' ctl images --no-trunc --quiet)" "$id"
}

@test "a layer that the further store has is not fetched again" {
    own_store
    ctl rmi "$IMG" >/dev/null
    ctl load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    equals "$(find "$XDG_DATA_HOME"/ctl/layers/*/fs -maxdepth 0 -type l | wc -l)" 1
}

@test "unused links go with prune, and what they lead to stays" {
    own_store
    ctl rmi "$IMG" >/dev/null
    ctl run --rm --network=none localhost/far:1 true
    ctl system prune --force >/dev/null
    equals "$(ls "$XDG_DATA_HOME/ctl/layers")" ""
    equals "$(ctl --root "$STORE" system check)" ""
    equals "$(ctl run --rm --network=none localhost/far:1 echo again)" again
}

@test "an image whose further store has removed it is an error that names the layer" {
    own_store
    ctl rmi "$IMG" >/dev/null
    ctl create --name c --network=none localhost/far:1 true >/dev/null
    ctl --root "$STORE" rmi localhost/far:1 >/dev/null
    fails_with 125 "layer sha256:" start c
    contains "$(ctl system check 2>&1 || true)" "is missing"
}

@test "another user's store that was not made to be shared has no images for us" {
    own_store
    ctl rmi "$IMG" >/dev/null
    ctl --root "$STORE" unshare chown -hR 1:1 "$STORE"
    fails_with 125 "CTL_IMAGE_STORES: image store \"$STORE\": Permission denied" images
    CTL_IMAGE_STORES='' ctl unshare chmod -R a+rX "$STORE"
    fails_with 125 "" run --rm --network=none --pull=never localhost/far:1 true
}

@test "what the owner of a shared store makes of a layer leads nowhere but into that store" {
    shared_store
    ctl run --rm --network=none localhost/shared:1 true
    mkdir secret
    echo key >secret/key
    local layer
    layer=$(dirname "$(ctl unshare find "$STORE"/layers -maxdepth 3 -name file)")
    ctl unshare sh -c "mv '$layer' '$layer.real' && ln -s '$T/secret' '$layer'"
    fails_with 125 "" run --rm --network=none localhost/shared:1 cat /key
    lacks "$stderr$output" key$
    ctl unshare sh -c "rm '$layer' && mv '$layer.real' '$layer' && mv '$(dirname "$layer")' '$T/elsewhere' && ln -s '$T/elsewhere' '$(dirname "$layer")'"
    fails_with 125 "" run --rm --network=none localhost/shared:1 cat /file
}

@test "an image of another user's store gets no name here, and what is loaded takes the place of its layers" {
    shared_store
    fails_with 125 "of another user: it cannot have names here" tag localhost/shared:1 mine:1
    ctl rmi "$IMG" >/dev/null
    ctl run --rm --network=none localhost/shared:1 true # links busybox's layer
    ctl load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    equals "$(find "$XDG_DATA_HOME"/ctl/layers/*/fs -maxdepth 0 -type l | wc -l)" 1 # the one that was not loaded
    equals "$(ctl run --rm --network=none "$IMG" echo ours)" ours
}

@test "a record that is nested without end is no image" {
    own_store
    python3 -c 'print("{\"x\":" + "[" * 3000000 + "]" * 3000000 + "}")' >deep
    cp deep "$(echo "$STORE"/images/*/image.json)"
    run_ctl images
    equals "$status" 0
}

@test "rmi --all leaves the images of further stores" {
    own_store
    ctl rmi --all >/dev/null
    equals "$(ctl images --quiet | wc -l)" 1
}

@test "a store is made to be shared when it is new, and then stays so" {
    fails_with 125 "force_mask=shared is for a new store" --storage-opt force_mask=shared load -i "$(fixture busybox)/docker.tar"
    shared_store
    equals "$(stat -c %a "$STORE" "$STORE"/layers "$STORE"/layers/*/meta.json | sort -u | tr '\n' ' ')" "644 755 "
    equals "$(stat -c %a "$STORE"/containers)" 700
}

@test "damage in a shared store is found: content, owner, mode" {
    shared_store
    ctl --root "$STORE" unshare chown -hR 0:0 "$STORE"
    equals "$(ctl --root "$STORE" system check)" ""
    file=$(find "$STORE"/layers/*/fs -maxdepth 1 -name file)
    chmod 600 "$file"
    contains "$(ctl --root "$STORE" system check 2>&1 || true)" "file: other permissions or owner"
}

@test "an image of one's own further store is shown under another id map by ctl's own overlay" {
    own_store
    ctl rmi "$IMG" >/dev/null
    equals "$(ctl run --rm --network=none --userns=keep-id localhost/far:1 stat -c %u /bin)" 0
    fails_with 125 "of layers in another store storage driver fuse alone shows them" --storage-driver overlay run --rm --network=none --userns=keep-id localhost/far:1 true
}
