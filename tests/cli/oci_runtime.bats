# What runtime.md and runtime-linux.md of the runtime-spec ask for and tests/cli/oci.bats has not. docs/oci-conformance.md has
# the sentences.
load helper
load oci

setup() { setup_bundle; }
teardown() {
    [ -z "${holder:-}" ] || kill "$holder"
    oci_teardown
}

is_stopped() { [ "$(status_of "$1")" = stopped ]; }

# ---- operations

@test "operations need an id" {
    for command in state create start kill delete; do
        run_oci $command
        [ "$status" != 0 ]
        [ -n "$stderr" ]
    done
    equals "$(oci list -q)" ""
}

@test "create needs a bundle" {
    mkdir empty
    refused 'config.json' create -b empty one
    refused 'nothing' create -b nothing one
    cd empty
    refused 'config.json' create one # the bundle is the current directory where none is named
    equals "$(oci list -q)" ""
}

@test "a document without process is an error, and there is nothing then" {
    config 'del(.process)'
    refused 'process' create -b b one
    equals "$(oci list -q)" ""
}

@test "two containers have different ids, and each is its own" {
    oci create -b b one
    oci create -b b two
    oci start two
    equals "$(status_of one) $(status_of two)" "created running"
    oci delete -f two
    equals "$(status_of one)" created
}

@test "the state of a container that has ended is there, without a process" {
    runs 'exit 3'
    oci run -d -b b one
    eventually is_stopped one
    oci state one >state
    equals "$(jq -r '.ociVersion, .id, .status, .bundle' state)" "$(printf '1.2.0\none\nstopped\n%s/b' "$T")"
    equals "$(jq '.pid // 0' state)" 0
}

@test "the bundle of the state is an absolute path however it was named" {
    cd b
    oci create -b . one
    equals "$(oci state one | jq -r .bundle)" "$T/b"
}

@test "what cannot be applied is an error, and nothing is left of the container" {
    config '.linux.sysctl = {"net.ipv4.lunch": "1"}'
    refused "" create -b b --pid-file pid one
    equals "$status" 1
    contains "$stderr" net.ipv4.lunch
    equals "$(oci list -q)" ""
    [ ! -e pid ]
    no_processes_left
    config 'del(.linux.sysctl)'
    oci create -b b one
}

@test "a start that is refused has no effect on the container" {
    oci run -d -b b --pid-file pid one
    refused 'is running' start one
    equals "$(oci state one | jq -r '"\(.status) \(.pid)"')" "running $(cat pid)"
}

@test "a delete that is refused has no effect on the container" {
    oci create -b b --pid-file pid one
    refused 'is not stopped' delete one
    equals "$(oci state one | jq -r '"\(.status) \(.pid)"')" "created $(cat pid)"
    oci start one
    refused 'is not stopped' delete one
    kill -0 "$(cat pid)"
}

@test "kill reaches a container that is created" {
    oci create -b b one
    oci kill one KILL
    eventually is_stopped one
    oci delete one
}

@test "delete takes what create made, and nothing else" {
    mkdir volume
    config '.mounts += [{destination: "/v", source: ($t + "/volume"), options: ["bind"]}]' --arg t "$T"
    runs 'sleep 200 & echo x >/v/file; sleep 100'
    oci run -d -b b one
    eventually test -e volume/file
    oci delete -f one
    [ ! -e "$XDG_RUNTIME_DIR/ctl-oci/one" ]
    no_processes_left
    equals "$(cat volume/file)" x
    [ -e b/config.json ]
    [ -e b/rootfs/bin/busybox ]
}

@test "delete leaves the namespaces that were joined" {
    unshare --user --map-root-user --net sleep 1000 &
    holder=$!
    eventually in_other_network $holder
    config '.linux.namespaces |= map(if .type == "user" or .type == "network" then .path = "/proc/\($pid)/ns/\({user: "user", network: "net"}[.type])" else . end)
        | del(.linux.uidMappings, .linux.gidMappings) | .mounts |= map(select(.type != "sysfs"))' --argjson pid $holder
    oci run -d -b b one
    local network
    network=$(readlink /proc/$holder/ns/net)
    equals "$(oci exec one readlink /proc/self/ns/net)" "$network"
    oci delete -f one
    kill -0 $holder
    equals "$(readlink /proc/$holder/ns/net)" "$network"
}

in_other_network() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# ---- hooks in the life cycle

@test "a hook of create that fails stops the container, and its poststop hooks run" {
    for kind in prestart createRuntime createContainer; do
        config '.hooks = {($kind): [{path: "/bin/false"}], poststop: [{path: "/bin/sh", args: ["sh", "-c", "cat >\($t)/said"]}]}' --arg kind $kind --arg t "$T"
        refused "$kind hook /bin/false failed" create -b b one
        equals "$(jq -r .status said)" stopped
        equals "$(oci list -q)" ""
        no_processes_left
        rm said
    done
}

@test "a poststart hook that fails is a warning, and the others run" {
    config '.hooks = {poststart: [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", "\($t)/said"]}]}' --arg t "$T"
    oci create -b b one
    run_oci start one
    equals "$status" 0
    contains "$stderr" 'warning: poststart hook /bin/false failed'
    equals "$(status_of one)" running
    [ -e said ]
}

@test "a poststop hook that fails is a warning, and the others run" {
    config '.hooks = {poststop: [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", "\($t)/said"]}]}' --arg t "$T"
    oci create -b b one
    run_oci delete -f one
    equals "$status" 0
    contains "$stderr" 'warning: poststop hook /bin/false failed'
    [ -e said ]
    equals "$(oci list -q)" ""
}

# ---- runtime-linux.md

@test "the program has the caller's streams and no other descriptor" {
    runs 'cat; echo err >&2; ls /proc/self/fd | wc -l'
    exec 7<b/config.json
    run --separate-stderr bash -c 'echo in | "$CTL" oci run -b b one'
    exec 7<&-
    equals "$output" "$(printf 'in\n4')" # ls has its directory open
    equals "$stderr" err
}

@test "/dev has the links to the program's descriptors" {
    runs 'for link in fd stdin stdout stderr; do readlink /dev/$link; done; echo through >/dev/stdout; cat /dev/stdin'
    equals "$(echo in | oci run -b b one)" "$(printf '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\nthrough\nin')"
}

@test "a root whose /dev is no mount has the devices and the links all the same" {
    config '.mounts |= map(select(.destination | startswith("/dev") | not))'
    runs 'readlink /dev/fd; echo x >/dev/null; head -c 2 /dev/zero | wc -c'
    equals "$(oci run -b b one)" "$(printf '/proc/self/fd\n2')"
}
