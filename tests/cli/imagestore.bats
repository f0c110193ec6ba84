# --imagestore: images in a directory of their own, which several data roots share.
load helper
setup() {
    ctl_setup
    need userns overlay
    export CTL_IMAGESTORE=$T/images
    load_image busybox
}
teardown() {
    [ -z "${T:-}" ] || "$CTL" --root "$T/other" rm --force --all >/dev/null 2>&1 || true
    ctl_teardown
}

# other ARGS...: ctl with another data root and the same images.
other() { "$CTL" --root "$T/other" "$@"; }
# apart ARGS...: without --imagestore.
apart() { CTL_IMAGESTORE='' "$CTL" "$@"; }
layers() { find "$1/layers" -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null | wc -l; }

@test "images are in --imagestore, containers and volumes in --root" {
    unset CTL_IMAGESTORE
    "$CTL" --imagestore "$T/second" load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    "$CTL" --imagestore "$T/second" run --name c --network=none -v data:/data "$IMG" sh -c 'echo hello >/data/file; touch /mine'
    equals "$(ls "$T/second/images" | wc -l) $(layers "$T/second") $(layers "$XDG_DATA_HOME/ctl")" "1 1 0"
    equals "$(cat "$XDG_DATA_HOME"/ctl/volumes/data/data/file)" hello
    [ -e "$XDG_DATA_HOME"/ctl/containers/*/upper/mine ]
    [ ! -e "$T/second/containers" ]
}

@test "two data roots run one copy of an image" {
    equals "$(ctl run --rm --network=none "$IMG" echo one)" one
    equals "$(other run --rm --network=none --pull=never "$IMG" echo two)" two
    equals "$(layers "$T/images") $(layers "$XDG_DATA_HOME/ctl") $(layers "$T/other")" "1 0 0"
    equals "$(other images --format '{{.Repository}} {{.ReadOnly}}')" "localhost/busybox false"
}

@test "commit, tag, history, save and rmi work there" {
    ctl run --name c --network=none "$IMG" touch /new
    ctl commit --quiet c localhost/made:1 >/dev/null
    other tag localhost/made:1 localhost/made:2
    equals "$(other run --rm --network=none localhost/made:2 ls /new)" /new
    contains "$(ctl history localhost/made:1)" "touch"
    ctl save --quiet -o "$T/made.tar" localhost/made:1
    ctl rm c >/dev/null
    other rmi localhost/made:1 localhost/made:2 >/dev/null
    equals "$(ctl images --quiet | wc -l) $(layers "$T/images")" "1 1"
}

@test "an image that a container of another data root uses stays, forced or not, and the error says where" {
    other create --name c --network=none "$IMG" true >/dev/null
    fails_with 2 "in use by container $(other ps -a --quiet | cut -c1-12) of $T/other" rmi "$IMG"
    fails_with 2 "of $T/other" rmi --force "$IMG"
    equals "$(ctl image prune --all --force)" ""
    ctl system prune --all --force >/dev/null
    other start --attach c
    other rm c >/dev/null
    ctl rmi "$IMG" >/dev/null
    equals "$(layers "$T/images")" 0
}

@test "layers of another data root's container outlive their image's last name" {
    other create --name c --network=none "$IMG" echo still >/dev/null
    # As an rmi that looked before that container was made.
    rm "$T"/images/refs/* && rm -r "$T"/images/images/*
    ctl system prune --all --force >/dev/null
    equals "$(layers "$T/images")" 1
    equals "$(other start --attach c)" still
    other rm c >/dev/null
    ctl system prune --force >/dev/null
    equals "$(layers "$T/images")" 0
}

@test "a data root that is gone does not keep layers" {
    other create --network=none "$IMG" true >/dev/null
    ctl unshare rm -rf "$T/other"
    ctl rmi "$IMG" >/dev/null
    equals "$(layers "$T/images") $(ls "$T/images/roots" | wc -l)" "0 1"
}

@test "a container whose record cannot be read keeps all layers" {
    other create --network=none "$IMG" true >/dev/null
    echo '{' >"$(echo "$T"/other/containers/*/record.json)"
    rm "$T"/images/refs/* && rm -r "$T"/images/images/*
    ctl system prune --all --force >/dev/null
    equals "$(layers "$T/images")" 1
}

@test "a container knows its image store: it starts without the option" {
    ctl run --name c --network=none "$IMG" sh -c 'echo ran >>/log'
    apart start --attach c
    equals "$(apart cp c:/log - | tar -xO)" $'ran\nran'
    contains "$(apart diff c)" "A /log"
    equals "$(apart images --quiet | wc -l)" 0
    ctl system check
}

@test "images that --root had before can be used, and are not changed" {
    apart load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    apart tag "$IMG" localhost/before:1
    apart rmi "$IMG" >/dev/null
    ctl rmi "$IMG" >/dev/null
    equals "$(ctl images --format '{{.Repository}} {{.ReadOnly}}')" "localhost/before true"
    equals "$(ctl run --rm --network=none --pull=never localhost/before:1 echo old)" old
    fails_with 125 "is in the store $XDG_DATA_HOME/ctl, which is only read" rmi localhost/before:1
    fails_with 125 "not in the image store $T/images, where others would miss it" tag localhost/before:1 localhost/after:1
    # A load does not take the layer from there: the image store is whole by itself.
    ctl load --quiet -i "$(fixture busybox)/docker.tar" >/dev/null
    ctl unshare rm -rf "$XDG_DATA_HOME/ctl/layers"
    equals "$(other run --rm --network=none "$IMG" echo whole)" whole
}

@test "other id maps, mounted images and ctl's own overlay find the layers there" {
    equals "$(ctl run --rm --network=none --userns=keep-id "$IMG" id -u)" "$(id -u)"
    equals "$(ctl run --rm --network=none --mount "type=image,source=$IMG,destination=/image" "$IMG" ls /image/bin/busybox)" /image/bin/busybox
    equals "$(ctl run --rm --network=none --userns=keep-id --mount "type=image,source=$IMG,destination=/image" "$IMG" stat -c %u /image)" 0
    need fuse
    equals "$(ctl --storage-driver fuse run --rm --network=none "$IMG" echo fuse)" fuse
}

@test "a mounted image is found when the option is left out later" {
    ctl create --name c --network=none --userns=keep-id --mount "type=image,source=$IMG,destination=/image" "$IMG" ls /image/bin/busybox >/dev/null
    equals "$(apart start --attach c)" /image/bin/busybox
}

@test "system df counts both directories, check and prune look at both" {
    ctl run --name c --network=none "$IMG" true
    equals "$(ctl system df --format '{{.Type}} {{.Total}} {{.Active}}' | head -2 | tr '\n' ' ')" "Images 1 1 Containers 1 0 "
    equals "$(ctl system check)" ""
    mkdir "$XDG_DATA_HOME/ctl/tmp/container-x" "$T/images/layers/.tmp-x"
    contains "$(ctl system check)" "2 unfinished objects"
    ctl rm c >/dev/null
    contains "$(ctl system prune --force)" "Deleted leftovers: 2"
    equals "$(ctl system check)" ""
}

@test "reset removes the images, too, but not under another data root's containers" {
    other create --name c --network=none "$IMG" true >/dev/null
    fails_with 125 "the images of $T/images are in use by containers of $T/other" system reset --force
    other rm c >/dev/null
    ctl system reset --force
    equals "$(ls "$T/images")" ""
}

@test "the directory must be one's own, no file, not Podman's, and apart from --root" {
    fails_with 125 "--imagestore: a directory is needed" --imagestore= images
    touch file
    fails_with 125 "file: not a directory" --imagestore file images
    fails_with 125 "--imagestore /usr/share belongs to another user" --imagestore /usr/share images
    mkdir -p podman/overlay-layers
    fails_with 125 "podman is Podman's store" --imagestore podman images
    fails_with 125 "lie in each other" --imagestore "$XDG_DATA_HOME/ctl/images" images
    fails_with 125 "lie in each other" --root "$T/a/b" --imagestore "$T/a" images
    # The same directory is as if the option were not there.
    equals "$(ctl --root "$T/images" --imagestore "$T/images" images --quiet | wc -l)" 1
}

@test "manifest lists and artifacts are with the images" {
    ctl manifest create localhost/list:1 >/dev/null
    other manifest inspect localhost/list:1 >/dev/null
    echo text >text
    ctl artifact add localhost/artifact:1 text >/dev/null
    contains "$(other artifact ls)" localhost/artifact
}

@test "storage.conf says it once for all commands, the variables and the options say otherwise" {
    unset CTL_IMAGESTORE
    mkdir -p "$HOME/.config/ctl"
    cat >"$HOME/.config/ctl/storage.conf" <<C
[storage]
graphroot = "$T/by \$UID"
imagestore = "\$HOME/images"
transient_store = true
[storage.options]
additionalimagestores = ["$T/images"]
C
    equals "$(ctl info -f '{{.Store.ConfigFile}} {{.Store.GraphRoot}} {{.Store.TransientStore}}')" "$HOME/.config/ctl/storage.conf $T/by $(id -u) true"
    equals "$(ctl images --format '{{.Repository}} {{.ReadOnly}}')" "localhost/busybox true"
    ctl commit -q "$(ctl create --network=none "$IMG" true)" mine >/dev/null
    [ -d "$HOME/images/images" ]
    [ ! -e "$XDG_DATA_HOME/ctl/images" ]
    equals "$(CTL_ROOT=$T/third ctl ps -aq)" ""
    equals "$(ctl --root "$T/third" --transient-store=false info -f '{{.Store.GraphRoot}} {{.Store.TransientStore}}')" "$T/third false"
    equals "$(CTL_IMAGE_STORES='' ctl images -q | wc -l)" 1
    ctl rm --all >/dev/null
    echo 'size = "1G"' >>"$HOME/.config/ctl/storage.conf"
    fails_with 125 "storage.conf: storage.options.size: not supported here" images
    : >empty
    equals "$(CTL_STORAGE_CONF=$PWD/empty ctl info -f "{{.Store.GraphRoot}}")" "$XDG_DATA_HOME/ctl"
    ctl --help >/dev/null # asks for no store
}
