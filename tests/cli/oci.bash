# shellcheck shell=bash
# Bundles for the tests of the OCI runtime.

# A bundle with a busybox at $T/b; its config.json runs `sleep 100`, as root of a user namespace of one id.
setup_bundle() {
    [ -n "${T:-}" ] || ctl_setup
    need userns
    mkdir -p b/rootfs/{bin,proc,dev,sys,tmp,etc,run}
    cp "$(readlink -f "$(command -v busybox)")" b/rootfs/bin/busybox
    for applet in sh ls cat echo sleep id mount env ps hostname true false touch grep kill stat umount readlink wc test tr ulimit od head; do
        ln -s busybox "b/rootfs/bin/$applet"
    done
    oci spec --rootless --bundle b
    config '.process.terminal = false | .process.args = ["sleep", "100"] | .process.noNewPrivileges = false | .root.readonly = false'
}

oci() { "$CTL" oci "$@"; }
run_oci() { run --separate-stderr "$CTL" oci "$@"; }

# config FILTER [ARGS...]: changes the bundle's config.json with jq.
config() {
    local filter=$1
    shift
    jq "$@" "$filter" b/config.json >b/config.new && mv b/config.new b/config.json
}

# runs SCRIPT: the bundle's program is a shell script from now on.
runs() { config '.process.args = ["sh", "-c", $script]' --arg script "$1"; }

oci_teardown() {
    local id
    for id in $("$CTL" oci list -q 2>/dev/null); do "$CTL" oci delete --force "$id"; done
    ctl_teardown
}

# refused TEXT ARGS...: the command of the runtime fails with 1 and one line that contains TEXT.
refused() {
    local text=$1
    shift
    run_oci "$@"
    equals "$status" 1
    contains "$stderr" "$text"
    contains "$stderr" "ctl-oci: "
    equals "$(printf '%s\n' "$stderr" | wc -l)" 1
}

status_of() { oci state "$1" | jq -r .status; }
