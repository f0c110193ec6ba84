# load from archives as tools write them, and as nobody honest does.
load helper
setup() {
    ctl_setup
    need userns
}

archive() { python3 "$BATS_TEST_DIRNAME/evilarchive.py" "$(fixture busybox)/layout" "$T/archive" "$1"; }

image_names() { ctl images --format '{{.Repository}}:{{.Tag}}'; }

# The id of the layout's image: its config's digest.
busybox_id() {
    local layout manifest
    layout=$(fixture busybox)/layout
    manifest=$(jq -r '.manifests[0].digest' "$layout/index.json")
    jq -r .config.digest "$layout/blobs/sha256/${manifest#*:}"
}

loaded() {
    run_ctl load --quiet --input "$T/archive"
    equals "$status" 0
    equals "$(ctl images --quiet --no-trunc | sort -u)" "$(busybox_id)"
}

# refused WAY TEXT: loading fails with one line that contains TEXT, and leaves nothing.
refused() {
    archive "$1"
    fails_with 125 "$2" load --quiet --input "$T/archive"
    equals "$(ctl images --quiet)" ""
    local data=$XDG_DATA_HOME/ctl
    equals "$(ls "$data/layers" "$data/images" "$data/refs" "$data/tmp" 2>/dev/null | grep -v ':$' | grep .)" ""
}

@test "a docker archive of old with its names: bare ones become localhost/" {
    archive docker-plain
    loaded
    equals "$(image_names | sort)" "$(printf 'localhost/evil:1\nother.example/evil:2')"
}

@test "a layer of a docker archive may be a link to another member" {
    archive docker-linked
    loaded
}

@test "a docker archive with compressed layers is the same image" {
    archive docker-gzip-layers
    loaded
    local manifest
    manifest=$(ctl images --format '{{.Digest}}' | head -1)
    rm archive
    archive docker-plain
    loaded
    equals "$(ctl images --format '{{.Digest}}' | head -1)" "$manifest"
}

@test "an image without tags is loaded without a name" {
    archive docker-no-tags
    loaded
    contains "$(ctl images)" "<none>"
}

@test "a name that is none is left out, and said so" {
    archive docker-bad-tag
    run_ctl load --input "$T/archive"
    equals "$status" 0
    contains "$stderr" "../../evil"
    contains "$(ctl images)" "<none>"
}

@test "compressed archives, from a file and from a pipe" {
    gzip -c "$(fixture busybox)/docker.tar" >archive
    loaded
    ctl rmi --force localhost/busybox >/dev/null
    zstd -q -c "$(fixture busybox)/oci.tar" | ctl load --quiet
    equals "$(ctl images --quiet --no-trunc)" "$(busybox_id)"
}

@test "the directory of an OCI layout" {
    archive dir-plain
    loaded
}

@test "an archive from a shell's process substitution" {
    ctl load --quiet --input <(cat "$(fixture busybox)/docker.tar")
    equals "$(ctl images --quiet --no-trunc)" "$(busybox_id)"
}

@test "index.json that is a link is refused" { refused oci-index-link "not a regular file"; }
@test "oci-layout that is a link is refused" { refused oci-layout-link "not a regular file"; }
@test "a blob that is a symbolic link is refused" { refused oci-blob-link "not a regular file"; }
@test "a blob that is a hard link is refused" { refused oci-blob-hardlink "not a regular file"; }
@test "a blob that is a device is refused" { refused oci-blob-device "not a regular file"; }
@test "a link in the place of the blobs' directory is refused" { refused oci-blobs-link "not a directory"; }
@test "a member that is there twice is refused" { refused oci-twice "there twice"; }
@test "a member name that leaves the archive is refused" { refused oci-leaves "leaves the archive"; }
@test "an absolute member name is refused" { refused oci-absolute "leaves the archive"; }
@test "a blob with another digest is refused" { refused oci-altered digest; }
@test "a digest that is a path is refused" { refused oci-digest-path "not a sha256 digest"; }
@test "a layer that links out of the archive is refused" { refused docker-link-out "links out of the archive"; }
@test "a layer that links to itself is refused" { refused docker-link-loop "too many links"; }
@test "a config that is a link is refused" { refused docker-config-link "not a regular file"; }
@test "a config with a member of another type is refused by its name" { refused docker-config-type "architecture: expected a string"; }
@test "more layers than diff-ids are refused" { refused docker-layer-count diff-ids; }
@test "duplicate keys in manifest.json are refused" { refused docker-duplicate-keys "there twice"; }
@test "a layout whose blobs are behind a link is refused" { refused dir-blobs-link "symbolic link"; }
@test "a layout whose index is a link is refused" { refused dir-index-link "symbolic link"; }
@test "a layout whose index is a FIFO is refused and does not hang" { refused dir-index-fifo "not a regular file"; }

@test "a truncated archive is refused" {
    head -c 1000000 "$(fixture busybox)/docker.tar" >archive
    fails_with 125 truncated load --quiet --input archive
}

@test "a file that is no archive is an error that says so" {
    echo rubbish >archive
    fails_with 125 "not a tar file" load --quiet --input archive
}

@test "a directory that save --format docker-dir wrote" {
    load_image busybox
    id=$(ctl images -q --no-trunc)
    ctl save --quiet --format docker-dir -o dir "$IMG"
    ctl rmi "$IMG" >/dev/null
    equals "$(ctl load --quiet -i dir)" "Loaded image: $id"
    rm "dir/${id#sha256:}"
    fails_with 125 "has no ${id#sha256:}" load --quiet -i dir
}
