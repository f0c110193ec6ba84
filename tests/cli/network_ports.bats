# Published ports that an ordinary user cannot open: below 1024, and those that somebody else has opened.
load helper
load network

# elsewhere COMMAND: as an ordinary user (1000) in a network of the test's, with the capabilities over it in the ambient set.
elsewhere() {
    export -f ctl eventually fails_with contains equals run_ctl
    run env PATH="$PATH:/usr/sbin:/sbin" IMG="$IMG" CTL_SINGLE_ID=1 TESTS="$BATS_TEST_DIRNAME" timeout 100 \
        unshare --user --map-user=1000 --map-group=1000 --keep-caps --mount --net bash -euc "trap 'jobs -p | xargs -r kill' EXIT; ip link set lo up; $1" 3>&-
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
# activated ADDRESS PORT KIND COMMAND...: it has a socket as from systemd, bound there; kind stream or dgram.
activated() {
    python3 - "$@" <<'P'
import os, socket, sys
address, port, kind, *command = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((address, int(port)))
if kind == "stream":
    s.listen(10)
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(command[0], command)
P
}
asks() { "$BATS_TEST_DIRNAME/netserver.py" ask "$1" "$2" | grep -q served; }
# shellcheck disable=SC2016
serving='while :; do echo served | nc -l -p 7000; done'

@test "a port below 1024 is refused with the three ways to have it, and there with an ambient capability" {
    # shellcheck disable=SC2016
    elsewhere '[ "$(id -u)" = 1000 ]
        say=$(setpriv --ambient-caps=-all --inh-caps=-all "$CTL" run --rm -p 127.0.0.1:80:7000 "$IMG" true 2>&1) && exit 9
        for way in ip_unprivileged_port_start=80 CAP_NET_BIND_SERVICE ListenStream=80; do contains "$say" "$way"; done
        ctl run -d --name c -p 127.0.0.1:80:7000 "$IMG" sh -c "while :; do echo served | nc -l -p 7000; done" >/dev/null
        eventually sh -c "$TESTS/netserver.py ask 127.0.0.1 80 | grep -q served"
        # The capability is of the one that opens ports, and of nobody else.
        [ "$(ctl exec c sed -n "s/^CapAmb:[[:space:]]*//p" /proc/self/status)" = 0000000000000000 ]
        [ "$(sed -n "s/^CapEff:[[:space:]]*//p" "/proc/$(pgrep -f "^ctl: net c *\$")/status")" = 0000000000000000 ]
        ctl rm -f -t 0 c'
}

@test "a socket that was opened for the command is the published port" {
    local port
    port=$(free_port)
    activated 127.0.0.1 "$port" stream "$CTL" run -d --name c -p "127.0.0.1:$port:7000" "$IMG" sh -c "$serving" >/dev/null
    eventually asks 127.0.0.1 "$port"
    equals "$(ctl port c)" "7000/tcp -> 127.0.0.1:$port"
    # One on another address is not it, and is in the way no more than any other.
    port=$(free_port)
    activated 127.0.0.2 "$port" stream "$CTL" run -d --name other -p "127.0.0.1:$port:7000" "$IMG" sh -c "$serving" >/dev/null
    eventually asks 127.0.0.1 "$port"
}

@test "a socket on all addresses is that of a port without one, and a datagram socket that of a udp port" {
    local port
    port=$(free_port)
    activated 0.0.0.0 "$port" stream "$CTL" run -d --name c -p "$port:7000" "$IMG" sh -c "$serving" >/dev/null
    eventually asks 127.0.0.1 "$port"
    port=$(free_port)
    activated 127.0.0.1 "$port" dgram "$CTL" run -d --name u -p "127.0.0.1:$port:53/udp" \
        -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/netserver.py udp-who 0.0.0.0 53 >/dev/null
    # shellcheck disable=SC2016
    eventually sh -c '[ -n "$("$@")" ]' - "$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" hello
}

@test "sockets that were opened for another process are not taken" {
    local port
    port=$(free_port)
    # Another process, since the shell stays between them: the port is just in use.
    run activated 127.0.0.1 "$port" stream sh -c '"$@"; exit $?' - "$CTL" run --rm -p "127.0.0.1:$port:7000" "$IMG" true
    equals "$status" 125
    contains "$output" "already in use"
}
