# Layers: what was unpacked can be put together again, bit for bit.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
}

@test "the tar of every pulled layer is rebuilt with the digest it is named by" {
    local layer count=0 tool=${CTL%/*/*}/tests/tools/layer_tar
    registry_start "$T/registry"
    for image in debian-nginx busybox; do
        registry_push "$(fixture "$image")/layout" "library/$image:latest"
        ctl pull --quiet "$registry/library/$image"
    done
    for layer in "$XDG_DATA_HOME"/ctl/layers/*; do
        equals "$("$tool" "sha256:${layer##*/}" | sha256sum | cut -d' ' -f1)" "${layer##*/}"
        count=$((count + 1))
    done
    equals "$count" 3 # two of nginx, one of busybox
}
