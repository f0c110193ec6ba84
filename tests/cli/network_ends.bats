# What is left of a container's network when the container goes, or one of the processes around it is killed: nothing.
load helper
load network

# serve: container "ends" on a published port, with its monitor, its net process and its network namespace noted.
serve() {
    port=$(free_port)
    ctl run -d --name ends -p "$port:7000" -p "$port:7000/udp" "$IMG" sh -c 'while :; do echo served | nc -l -p 7000; done' >/dev/null
    eventually answers
    monitor=$(ctl inspect -f '{{.State.ConmonPid}}' ends)
    first=$(ctl inspect -f '{{.State.Pid}}' ends)
    namespace=$(readlink "/proc/$first/ns/net")
    net=$(net_process)
    [ "$namespace" != "$(readlink /proc/self/ns/net)" ]
}
answers() { "$BATS_TEST_DIRNAME/netserver.py" ask 127.0.0.1 "$port" | grep -q served; }
net_process() { pgrep -u "$(id -u)" -f '^ctl: net ends *$'; }
# Nobody is left who could hold the interface or a port: who serves or watches it, who is in its namespace.
nothing_left() {
    local link
    ! pgrep -u "$(id -u)" -f '^ctl: (net|monitor) ends *$' || return 1
    for link in /proc/[0-9]*/ns/net; do [ "$(readlink "$link" 2>/dev/null)" != "$namespace" ] || return 1; done
    python3 - "$port" <<'P'
import socket, sys
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    with socket.socket(socket.AF_INET, kind) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended are in nobody's way
        s.bind(("0.0.0.0", int(sys.argv[1])))
        if kind == socket.SOCK_STREAM:
            s.listen()
P
}

@test "the last container is removed: no network process, interface or listener is left" {
    serve
    run nothing_left
    [ "$status" -ne 0 ] # it is seen while it is there
    ctl rm -f -t 0 ends
    eventually nothing_left
}

@test "the network process is killed: it comes back, and removing the container leaves nothing" {
    serve
    kill -KILL "$net"
    another() { [ -n "$(net_process)" ] && [ "$(net_process)" != "$net" ]; }
    eventually another
    eventually answers
    equals "$(ctl inspect -f '{{.NetworkSettings.Restarts}}' ends)" 1
    ctl rm -f -t 0 ends
    eventually nothing_left
}

@test "the monitor is killed: the container goes on with its network, and leaves nothing when it ends or is removed" {
    local way
    for way in "kill -s KILL ends" "stop -t 0 ends" "rm -f -t 0 ends"; do
        serve
        kill -KILL "$monitor"
        eventually eval '! pgrep -u "$(id -u)" -f "^ctl: monitor ends *\$"'
        answers
        is_running ends
        # shellcheck disable=SC2086
        ctl $way >/dev/null
        eventually nothing_left
        ctl rm -f -i ends >/dev/null
    done
}

@test "the monitor and the network process are killed: the listeners go at once, the rest with the container" {
    serve
    kill -KILL "$monitor" "$net"
    free() { ctl run --rm -p "$port:1" "$IMG" true; }
    eventually free
    is_running ends
    equals "$(ctl exec ends sh -c 'ls /sys/class/net')" lo # nobody is at its other end
    ctl rm -f -t 0 ends
    eventually nothing_left
}

@test "the container's first process is killed: nothing is left" {
    serve
    kill -KILL "$first" || ctl kill -s KILL ends >/dev/null # a subordinate id's
    eventually nothing_left
    equals "$(ctl inspect -f '{{.State.Status}} {{.State.ExitCode}}' ends)" "exited 137"
}
