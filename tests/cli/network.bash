# shellcheck shell=bash
# What files about the default network share: this machine's address, and servers on it. `load network` behind `load helper`.

# The address of this machine that a container may reach: not its loopback.
own_address() { python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("198.51.100.1", 9)); print(s.getsockname()[0])'; }

setup() {
    ctl_setup
    need userns overlay tun
    HOST=$(own_address 2>/dev/null) || skip "this machine has no address but its loopback"
    load_image busybox
    SERVERS=()
}
teardown() {
    [ -z "${SERVERS[*]:-}" ] || kill "${SERVERS[@]}" 2>/dev/null
    ctl_teardown
}

# A server of tests/cli/netserver.py: KIND ADDRESS...; sets PORT.
server() {
    "$BATS_TEST_DIRNAME/netserver.py" "$@" >port 3>&- &
    SERVERS+=($!)
    eventually test -s port
    PORT=$(cat port)
    rm port
}

# elsewhere COMMAND: as root of a user, mount and network namespace of the test's, in which COMMAND begins.
elsewhere() {
    export -f ctl equals contains eventually
    run env PATH="$PATH:/usr/sbin:/sbin" IMG="$IMG" TESTS="$BATS_TEST_DIRNAME" timeout 100 unshare --user --map-root-user --mount --net bash -euc "trap 'jobs -p | xargs -r kill' EXIT; ip link set lo up; $1" 3>&-
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
