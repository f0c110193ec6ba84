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
    jq "$filter" b/config.json "$@" >b/config.new && mv b/config.new b/config.json
}

# runs SCRIPT: the bundle's program is a shell script from now on.
runs() { config '.process.args = ["sh", "-c", $script]' --arg script "$1"; }

# run_as_root SETUP: runs the bundle without a user namespace of its own, by a runtime that is root of another one, in which the shell
# commands SETUP have mounted something before.
run_as_root() {
    config '.linux.namespaces -= [{type: "user"}] | del(.linux.uidMappings, .linux.gidMappings) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
    unshare --user --map-root-user --mount --propagation unchanged sh -c "$1 && exec \"\$0\" oci run -b b one" "$CTL"
}

oci_teardown() {
    local id
    for id in $("$CTL" oci list -q 2>/dev/null); do "$CTL" oci delete --force "$id"; done
    ctl_teardown
}

# refused TEXT ARGS...: the command of the runtime fails with 1 and one line that contains TEXT. It writes to files: the process
# of a container that is made by mistake would hold a pipe open.
refused() {
    local text=$1
    shift
    status=0
    "$CTL" oci "$@" >refused.out 2>refused.err || status=$?
    stderr=$(cat refused.err)
    equals "$status" 1
    contains "$stderr" "$text"
    contains "$stderr" "ctl-oci: "
    equals "$(printf '%s\n' "$stderr" | wc -l)" 1
}

status_of() { oci state "$1" | jq -r .status; }

# Takes a terminal from a socket, into ./said what it hears of it.
take_console() {
    python3 -c '
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind("console")
server.listen(1)
connection, _ = server.accept()
data, control, _, _ = connection.recvmsg(256, socket.CMSG_SPACE(4))
fd = array.array("i", control[0][2][:4])[0]
print(*os.get_terminal_size(fd), os.read(fd, 100).decode().strip(), flush=True)
' >said &
    for _ in $(seq 50); do [ -S console ] && break; sleep 0.1; done
}
