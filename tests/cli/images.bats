# load, images, tag, rmi, pull: images and their names.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns
}

with_registry() {
    need registry
    registry_start "$T/registry"
    registry_push "$(fixture "${1:-busybox}")/layout" "${2:-test/busybox:1.0}"
}

image_names() { ctl images --format '{{.Repository}}:{{.Tag}}'; }

@test "load reads a docker archive" {
    run_ctl load --input "$(fixture busybox)/docker.tar"
    equals "$status" 0
    contains "$output" localhost/busybox:latest
    contains "$(image_names)" localhost/busybox:latest
}

@test "load reads from standard input" {
    ctl load <"$(fixture busybox)/docker.tar"
    contains "$(image_names)" localhost/busybox:latest
}

@test "load reads an OCI archive" {
    ctl load --input "$(fixture busybox)/oci.tar"
    equals "$(ctl images --quiet | wc -l)" 1
}

@test "both archives hold the same image" {
    ctl load --input "$(fixture busybox)/oci.tar"
    ctl load --input "$(fixture busybox)/docker.tar"
    equals "$(ctl images --quiet | sort -u | wc -l)" 1
}

@test "load of what is no archive is an error and leaves nothing" {
    echo rubbish >rubbish.tar
    fails_with 125 rubbish.tar load --input rubbish.tar
    equals "$(ctl images --quiet)" ""
}

@test "tag gives a bare name to localhost" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    ctl tag localhost/busybox mine
    contains "$(image_names)" localhost/mine:latest
    equals "$(ctl inspect --type image -f '{{.Id}}' mine)" "$(ctl inspect --type image -f '{{.Id}}' busybox)"
}

@test "rmi takes a name away and the image with the last one" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    ctl tag busybox second
    ctl rmi second
    equals "$(image_names)" localhost/busybox:latest
    ctl rmi busybox
    equals "$(ctl images --quiet)" ""
    equals "$(ls "$XDG_DATA_HOME/ctl/layers")" ""
}

@test "rmi refuses an image that a container uses" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    ctl create --name user busybox true
    fails_with 2 "is in use by container" rmi busybox
    contains "$(image_names)" busybox
}

@test "rmi --ignore takes no offence at what is not there, and else is as strict" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    ctl create --name user busybox true
    equals "$(ctl rmi --ignore none.such)" ""
    fails_with 2 "is in use by container" rmi --ignore busybox
    fails_with 1 "none.such" rmi none.such
    ctl rm user
    contains "$(ctl rmi -i --no-prune none.such busybox)" "Untagged: localhost/busybox:latest"
}

@test "an image is found by any unique prefix of its id" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    local id
    id=$(ctl inspect --type image -f '{{.Id}}' busybox)
    equals "$(ctl inspect --type image -f '{{.Id}}' "${id:0:8}")" "$id"
}

@test "pull brings an image from a registry, under the name that was typed" {
    with_registry
    run_ctl pull "$registry/test/busybox:1.0"
    equals "$status" 0
    contains "$(image_names)" "$registry/test/busybox:1.0"
    equals "$output" "$(ctl inspect --type image -f '{{.Id}}' "$registry/test/busybox:1.0")"
}

@test "pull by digest gets exactly that manifest" {
    with_registry
    local digest
    digest=$(jq -r '.manifests[0].digest' "$(fixture busybox)/layout/index.json")
    ctl pull "$registry/test/busybox@$digest"
    equals "$(ctl inspect --type image -f '{{.Digest}}' "$registry/test/busybox@$digest")" "$digest"
}

@test "run pulls what is missing, once" {
    with_registry
    run_ctl run --rm "$registry/test/busybox:1.0" echo pulled
    equals "$output" pulled
    registry_stop
    equals "$(ctl run --rm "$registry/test/busybox:1.0" echo again)" again
}

@test "--pull=never does not ask the registry" {
    with_registry
    fails_with 125 busybox run --rm --pull=never "$registry/test/busybox:1.0" true
}

@test "two pulls of one image at the same time both succeed" {
    with_registry debian-nginx test/nginx:1
    ctl pull -q "$registry/test/nginx:1" >one &
    local first=$!
    ctl pull -q "$registry/test/nginx:1" >two
    wait $first
    equals "$(cat one)" "$(cat two)"
}

@test "a tag that the registry does not have is an error that names it" {
    with_registry
    fails_with 125 nope pull "$registry/test/busybox:nope"
}

@test "a registry that does not answer is an error that names it" {
    fails_with 125 127.0.0.1:1 pull 127.0.0.1:1/test/x:1
}

@test "a layer that is not what the manifest says is refused, by name" {
    with_registry
    local blob
    blob=$(jq -r '.layers[0].digest' "$(fixture busybox)/layout/blobs/sha256/$(jq -r '.manifests[0].digest' "$(fixture busybox)/layout/index.json" | cut -d: -f2)" | cut -d: -f2)
    # One byte in the middle is another.
    printf 'X' | dd of="$T/registry/store/docker/registry/v2/blobs/sha256/${blob:0:2}/$blob/data" bs=1 seek=5000 conv=notrunc status=none
    run_ctl pull "$registry/test/busybox:1.0"
    equals "$status" 125
    contains "$stderr" "$blob"
    equals "$(ctl images --quiet)" ""
    equals "$(ls "$XDG_DATA_HOME/ctl/layers" 2>/dev/null)" ""
}

@test "images --filter" {
    load_image busybox
    ctl tag "$IMG" localhost/team/app:1.2
    local id
    id=$(ctl images -q --no-trunc)
    equals "$(ctl images --filter reference=app --format '{{.Tag}}' | sort | xargs)" "1.2 latest"
    equals "$(ctl images --filter reference='team/*' -q --no-trunc)" "$id"
    equals "$(ctl images --filter reference='*:3' -q)" ""
    equals "$(ctl images --filter dangling=true -q)" ""
    equals "$(ctl images --filter dangling=false --filter id="${id#sha256:}" -q --no-trunc)" "$id"
    equals "$(ctl images --filter before="$IMG" -q)" ""
    equals "$(ctl images --filter containers=true -q)" ""
    equals "$(ctl images --filter label=no-such -q)" ""
    equals "$(ctl images --filter readonly=false -q --no-trunc)" "$id"
    fails_with 125 "there is no such filter" images --filter colour=red
    fails_with 125 "expected true or false" images --filter dangling=maybe
    fails_with 125 "no image" images --filter since=none
}

@test "images --sort" {
    load_image busybox
    ctl tag "$IMG" a:2
    ctl tag "$IMG" b:1
    equals "$(ctl images --sort repository --format '{{.Repository}}' | xargs)" "localhost/a localhost/b localhost/busybox"
    equals "$(ctl images --sort tag --format '{{.Tag}}' | xargs)" "1 2 latest"
    fails_with 125 "is not one of created, id" images --sort colour
}

@test "images lists name, tag and size" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    run_ctl images
    contains "${lines[0]}" REPOSITORY
    contains "${lines[1]}" localhost/busybox
    contains "${lines[1]}" latest
    contains "${lines[1]}" MB
}

@test "an ambiguous short name resolves to the local image first" {
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    equals "$(ctl run --rm --pull=missing busybox echo local)" local
}
