# What a container reaches through its default network, by programs on this machine's own address.
load helper
load network

# in_python ARGS...: netserver.py inside a container, with this machine's Python: busybox has no client for everything.
in_python() {
    ctl run -i --rm -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/netserver.py "$@"
}

@test "the interface has its addresses, both default routes and the host's MTU" {
    run_ctl run --rm "$IMG" sh -c 'ip -o -4 addr show eth0; ip -o -6 addr show eth0 scope global; ip route; ip -6 route; cat /sys/class/net/eth0/mtu'
    contains "$output" "inet 10.88.0.2/24"
    contains "$output" "inet6 fd88::2/64"
    contains "$output" "default via 10.88.0.1 dev eth0"
    contains "$output" "default via fd88::1 dev eth0"
    equals "${lines[-1]}" "$(cat /sys/class/net/"$(ip -o route get 198.51.100.1 | grep -oE 'dev [^ ]+' | cut -d' ' -f2)"/mtu)"
}

@test "a server of this machine's answers, by its address and by host.containers.internal" {
    server echo "$HOST"
    equals "$(echo hello | ctl run -i --rm "$IMG" nc -w 5 "$HOST" "$PORT")" hello
    equals "$(echo hello | ctl run -i --rm "$IMG" nc -w 5 169.254.1.2 "$PORT")" hello
    contains "$(ctl run --rm "$IMG" cat /etc/hosts)" "169.254.1.2	host.containers.internal host.docker.internal"
}

@test "twenty megabytes each way arrive whole" {
    server sum "$HOST"
    head -c 20000000 /dev/urandom >blob
    # What the server has read, told after the end of the stream: a half-close on the way.
    equals "$(ctl run -i --rm "$IMG" nc "$HOST" "$PORT" <blob)" "$(sha256sum <blob | cut -d' ' -f1)"
    server send "$HOST" "$T/blob"
    equals "$(ctl run --rm "$IMG" sh -c "nc $HOST $PORT | sha256sum")" "$(sha256sum <blob)"
}

@test "a container with a map of its own has its way out, too" {
    server echo "$HOST"
    for map in keep-id auto nomap; do
        run_ctl run -i --rm --userns "$map" "$IMG" nc -w 5 "$HOST" "$PORT" <<<hello
        [[ $stderr != *"not supported yet on this kernel"* ]] || skip "$stderr"
        equals "$output" hello
    done
}

@test "a port nobody listens on is refused at once" {
    run_ctl run --rm "$IMG" nc -w 20 "$HOST" "$(free_port)"
    [ "$status" -ne 0 ]
    contains "$stderr" "refused"
}

@test "a reset of the server's reaches the container" {
    server reset "$HOST"
    run in_python ask "$HOST" "$PORT"
    [ "$status" -ne 0 ]
    contains "$output" "ConnectionResetError"
}

@test "this machine's loopback is closed: by its own address, the gateway's and the host's" {
    server echo 127.0.0.1
    for address in 127.0.0.1 10.88.0.1 169.254.1.2 0.0.0.0; do
        run_ctl run -i --rm "$IMG" nc -w 3 "$address" "$PORT" <<<hello
        [ "$status" -ne 0 ] || { echo "$address leads to the loopback"; return 1; }
    done
    # A packet with such a destination, made by hand on the container's own interface, gets no answer either.
    run_ctl run -i --rm "$IMG" sh -c "ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.0/8 via 10.88.0.1; nc -w 3 127.0.0.1 $PORT" <<<hello
    [ "$status" -ne 0 ]
}

@test "host-loopback=true opens this machine's loopback to the gateway's and the host's address" {
    server echo 127.0.0.1
    for network in default:host-loopback=true pasta:--map-gw slirp4netns:allow_host_loopback=true; do
        for address in 10.88.0.1 169.254.1.2; do
            equals "$(echo hello | ctl run -i --rm --network "$network" "$IMG" nc -w 5 "$address" "$PORT")" hello
        done
    done
    run_ctl run --rm --network default:speed=9 "$IMG" true
    equals "$status" 125
    contains "$stderr" "speed=9: unknown option"
}

@test "allow and deny say where a container may go, also after a restart, and mtu how large its packets are" {
    server echo "$HOST"
    run_ctl run -i --rm --network "default:deny=$HOST/32" "$IMG" nc -w 5 "$HOST" "$PORT" <<<hello
    equals "$status" 1
    run_ctl run -i --rm --network default:allow=203.0.113.0/24 "$IMG" nc -w 5 169.254.1.2 "$PORT" <<<hello
    equals "$status" 1
    equals "$(echo hello | ctl run -i --rm --network "default:allow=$HOST" "$IMG" nc -w 5 "$HOST" "$PORT")" hello
    ctl create --name c --network "default:mtu=1300,deny=$HOST" "$IMG" \
        sh -c "cat /sys/class/net/eth0/mtu; echo hello | nc -w 5 $HOST $PORT" >/dev/null
    for _ in 1 2; do equals "$(ctl start -a c 2>/dev/null)" 1300; done
}

@test "UDP goes there and back, in one datagram and in fragments" {
    server udp-echo "$HOST"
    for size in 1 1000 6000 20000; do equals "$(in_python udp-ask "$HOST" "$PORT" "$size")" "$size came back"; done
}

@test "UDP to a port nobody listens on is refused" {
    run in_python udp-ask "$HOST" "$(free_port)" 10
    contains "$output" "ConnectionRefusedError"
}

@test "broadcasts are dropped: the link's, and those of networks of this machine's" {
    # shellcheck disable=SC2016
    elsewhere '
        ip link add uplink type veth peer name nowhere; ip addr add 192.0.2.7/24 dev uplink; ip link set nowhere up; ip link set uplink up
        for address in 10.88.0.255 192.0.2.255 255.255.255.255; do
            ctl run --rm -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro "$IMG" /usr/bin/python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.connect((\"$address\", 9))
s.send(b\"x\")
s.settimeout(0.2)
try:
    s.recv(1)
except TimeoutError:
    print(\"silence\")
" >said
            equals "$(cat said)" silence
        done'
}

@test "the gateway answers pings, in both families" {
    # Through a ping socket, which needs no privilege: busybox's ping wants a raw one.
    run_ctl run --rm --cap-add NET_RAW "$IMG" sh -c 'ping -c 1 -W 5 10.88.0.1 && ping -c 1 -W 5 fd88::1'
    equals "$status" 0
}

@test "what this machine has no way to is unreachable at once, in both families" {
    # shellcheck disable=SC2016
    elsewhere '
        for address in 192.0.2.9 2001:db8::9; do
            say=$(ctl run --rm "$IMG" nc "$address" 80 2>&1) && exit 9
            contains "$say" "unreachable"
        done'
}

@test "pings go beyond the gateway where this machine lets its users, and are prohibited where not" {
    # shellcheck disable=SC2016
    elsewhere '
        ip addr add 192.0.2.1/32 dev lo; ip addr add 2001:db8::7/128 dev lo; ip route add default dev lo; ip -6 route add default dev lo
        say=$(ctl run --rm --cap-add NET_RAW -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro "$IMG" /usr/bin/python3 -c "
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.settimeout(20)
s.sendto(struct.pack(\">BBHHH\", 8, 0, 0xf7fd, 1, 1), (\"192.0.2.1\", 0))
while (packet := s.recv(100))[20] == 8:
    pass
print(packet[20], packet[21])")
        equals "$say" "3 13"
        echo "0 0" >/proc/sys/net/ipv4/ping_group_range
        ctl run --rm --cap-add NET_RAW "$IMG" sh -c "ping -c 1 -W 20 192.0.2.1 && ping -c 1 -W 20 2001:db8::7"'
}

@test "names are asked of the servers in resolv.conf, through the gateway; the container's own are answered there" {
    contains "$(ctl run --rm "$IMG" cat /etc/resolv.conf)" "nameserver 10.88.0.1"
    run_ctl run --rm --name Me "$IMG" nslookup -type=a me 10.88.0.1
    contains "$output" "10.88.0.2"
    run_ctl run --rm "$IMG" nslookup -type=a host.docker.internal 10.88.0.1
    contains "$output" "169.254.1.2"
}

@test "this machine has an address in IPv6 as well, and by either a service of either family is reached" {
    # shellcheck disable=SC2016
    elsewhere '
        for address in 2001:db8::7/128 192.0.2.1/32; do ip addr add "$address" dev lo; done
        ip route add default dev lo; ip -6 route add default dev lo
        "$TESTS/netserver.py" echo 2001:db8::7 >six & "$TESTS/netserver.py" echo 192.0.2.1 >four &
        eventually test -s six; eventually test -s four
        for port in "$(cat six)" "$(cat four)"; do
            for address in fd88:0:0:1::2 169.254.1.2; do
                equals "$(echo hello | ctl run -i --rm "$IMG" nc -w 5 "$address" "$port")" hello
            done
        done
        for name in host.containers.internal host.docker.internal; do
            contains "$(ctl run --rm "$IMG" nslookup -type=aaaa "$name" 10.88.0.1)" fd88:0:0:1::2
        done
        ip -6 route del default
        ctl run --rm "$IMG" nslookup -type=aaaa host.containers.internal 10.88.0.1 >answer || true
        ! grep -q fd88:0:0:1::2 answer'
}

@test "a published port shows the client's address to the service" {
    local port
    port=$(free_port)
    ctl run -d --name web -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e sh -c "netstat -tn | grep :7000"; done' >/dev/null
    shows() { "$BATS_TEST_DIRNAME/netserver.py" ask "$1" "$port" | grep -q ":7000 .*$2:"; } # nc listens again a moment later
    eventually shows "$HOST" "$HOST"
    eventually shows 127.0.0.1 10.88.0.1
}

# udp_service NAME PORT: published, says who has asked.
udp_service() {
    ctl run -d --name "$1" -p "$2:7000/udp" -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/netserver.py udp-who 0.0.0.0 7000 >/dev/null
    eventually sh -c '[ -n "$("$@")" ]' - "$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$2" ready
}

@test "a published udp port shows the client's address, and answers from the one it was sent to" {
    local port
    port=$(free_port)
    udp_service dns "$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-say "$HOST" "$port" hello)" "hello from $HOST by $HOST:$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" hello)" "hello from 10.88.0.1 by 127.0.0.1:$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.9 "$port" hello)" "hello from 10.88.0.1 by 127.0.0.9:$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-say ::1 "$port" hello)" "hello from 10.88.0.1 by ::1:$port"
}

@test "what a container says first from a published udp port comes from that port" {
    local port
    port=$(free_port)
    "$BATS_TEST_DIRNAME/netserver.py" udp-hear "$HOST" >heard 3>&- &
    SERVERS+=($!)
    eventually test -s heard
    ctl run -d --name peer -p "$port:7000/udp" -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/netserver.py udp-first "$HOST" "$(cat heard)" 7000 >/dev/null
    eventually grep -q "first from $port answer again" heard
}

@test "two clients of one port number reach a published udp port, each with its own answer" {
    local port source
    port=$(free_port) source=$(free_port)
    udp_service dns "$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-pair "$port" "$source" 127.0.0.1 127.0.0.2)" "127.0.0.1 127.0.0.2"
}

@test "large and many datagrams come through a published udp port" {
    local port
    port=$(free_port)
    udp_service dns "$port"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-many 127.0.0.1 "$port" 200 1200)" "200 of 200"
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-many 127.0.0.1 "$port" 5 20000)" "5 of 5"
}

@test "a published udp port is free again after the container, and served again after a restart" {
    local port
    port=$(free_port)
    udp_service dns "$port"
    ctl restart -t 0 dns >/dev/null
    eventually sh -c '[ -n "$("$@")" ]' - "$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" again
    ctl rm -f -t 0 dns >/dev/null
    udp_service other "$port"
}

# greeter NAME OPTION...: in it port 7000 says "served", 7001 "other".
greeter() {
    local name=$1
    shift
    ctl run -d --name "$name" "$@" "$IMG" sh -c 'while :; do echo other | nc -l -p 7001; done & while :; do echo served | nc -l -p 7000; done' >/dev/null
}
asks() { "$BATS_TEST_DIRNAME/netserver.py" ask 127.0.0.1 "$1" | grep -q "$2"; }

@test "update --publish-add publishes a port of a running container, for later runs as well" {
    local port
    port=$(free_port)
    greeter web
    equals "$(ctl port web)" ""
    ctl update --publish-add "127.0.0.1:$port:7000" web >/dev/null
    eventually asks "$port" served
    equals "$(ctl port web)" "7000/tcp -> 127.0.0.1:$port"
    contains "$(ctl ps --format '{{.Ports}}')" "127.0.0.1:$port->7000/tcp"
    ctl restart -t 0 web >/dev/null
    eventually asks "$port" served
}

@test "update --publish-rm ends a port at once, and leaves the connections and the other ports" {
    local port other
    port=$(free_port) other=$(free_port)
    ctl run -d --name web -p "$port:7000" -p "$other:7001" "$IMG" sh -c \
        'while :; do echo other | nc -l -p 7001; done & nc -l -p 7000 -e sh -c "read line; echo got \$line"; sleep 1000' >/dev/null
    eventually asks "$other" other
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    sleep 0.2
    ctl update --publish-rm 7000 web >/dev/null
    ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null
    ctl run --rm --network default -p "$port:1" "$IMG" true # somebody else may have it
    echo word >&7
    equals "$(cat <&7)" "got word"
    exec 7<&-
    eventually asks "$other" other
    equals "$(ctl port web)" "7001/tcp -> 0.0.0.0:$other"
}

@test "a port of this machine is led to another of the container's" {
    local port
    port=$(free_port)
    greeter web -p "$port:7000"
    eventually asks "$port" served
    ctl update --publish-rm "$port:7000" --publish-add "$port:7001" web >/dev/null
    eventually asks "$port" other
    equals "$(ctl port web)" "7001/tcp -> 0.0.0.0:$port"
}

@test "udp ports come and go as well, and a net process that is replaced knows them" {
    local port
    port=$(free_port)
    udp_service dns "$(free_port)"
    ctl update --publish-add "$port:7000/udp" dns >/dev/null
    equals "$("$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" hello)" "hello from 10.88.0.1 by 127.0.0.1:$port"
    kill -KILL "$(pgrep -u "$(id -u)" -f '^ctl: net dns *$')"
    eventually "$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" again
    ctl update --publish-rm "$port:7000/udp" dns >/dev/null
    run "$BATS_TEST_DIRNAME/netserver.py" udp-say 127.0.0.1 "$port" gone
    [ "$status" -ne 0 ]
}

@test "ports that cannot be changed leave all as it was" {
    local port taken
    port=$(free_port) taken=$(free_port)
    greeter web -p "$port:7000"
    greeter other -p "$taken:7000"
    fails_with 125 "port $taken/tcp on 0.0.0.0 is already in use" update --publish-rm 7000 --publish-add "$taken:7001" web
    fails_with 125 "publishes no such port" update --publish-rm 81 web
    fails_with 125 "publishes this port already" update --publish-add "$port:7000" web
    fails_with 125 "is not a port number" update --publish-add http web
    ctl update --publish-add 127.0.0.1::7000 web >/dev/null # of the system's choice, and that once
    fails_with 125 "publishes this port already" update --publish-add 127.0.0.1::7000 web
    ctl update --publish-rm 127.0.0.1::7000 web >/dev/null
    eventually asks "$port" served
    equals "$(ctl port web)" "7000/tcp -> 0.0.0.0:$port"
    ctl create --name alone --network none "$IMG" true >/dev/null
    fails_with 125 'has the network "none"' update --publish-add 80 alone
}

@test "ports that a killed update has asked for are not published behind its back" {
    local port monitor update
    port=$(free_port)
    greeter web
    monitor=$(pgrep -u "$(id -u)" -f "^ctl: monitor web *\$")
    kill -STOP "$monitor"
    "$CTL" update --publish-add "127.0.0.1:$port:7000" web 3>&- &
    update=$!
    eventually sh -c 'test -e "$(echo "$XDG_DATA_HOME"/ctl/containers/*/ports.json)"'
    kill -KILL "$update"
    wait "$update" || true
    kill -CONT "$monitor"
    kill -HUP "$monitor" # as another update would
    eventually sh -c '! test -e "$(echo "$XDG_DATA_HOME"/ctl/containers/*/ports.json)"'
    equals "$(ctl port web)" ""
    ! asks "$port" served 2>/dev/null
}

@test "ports of a container that does not run are those of its next run" {
    local port
    port=$(free_port)
    ctl create --name web -p 81:81 "$IMG" sh -c 'while :; do echo served | nc -l -p 7000; done' >/dev/null
    ctl update --publish-rm 81 --publish-add "$port:7000" web >/dev/null
    ctl start web >/dev/null
    eventually asks "$port" served
}

@test "a client by ::1 reaches a service that listens on IPv4 only" {
    local port
    port=$(free_port)
    ctl run -d --name web -p "$port:7000" -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/netserver.py greet 10.88.0.2 7000 >/dev/null
    # shellcheck disable=SC2016
    eventually sh -c 'python3 "$1" ask ::1 "$2" | grep -q served' - "$BATS_TEST_DIRNAME/netserver.py" "$port"
}

@test "the network process that is killed comes back, and with it the published port" {
    local port pid
    server echo "$HOST"
    port=$(free_port)
    ctl run -d --name web -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e echo served; done' >/dev/null
    # shellcheck disable=SC2016
    eventually sh -c '[ "$(python3 "$1" ask 127.0.0.1 "$2")" = served ]' - "$BATS_TEST_DIRNAME/netserver.py" "$port"
    pid=$(pgrep -u "$(id -u)" -f '^ctl: net web')
    kill -KILL "$pid"
    # shellcheck disable=SC2016
    eventually sh -c '[ "$(python3 "$1" ask 127.0.0.1 "$2")" = served ]' - "$BATS_TEST_DIRNAME/netserver.py" "$port"
    equals "$(ctl exec web sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    is_running web
}

@test "nothing of the network is left after the container" {
    ctl run -d --name web -p "$(free_port):7000" "$IMG" sleep 1000 >/dev/null
    eventually pgrep -u "$(id -u)" -f '^ctl: net web'
    ctl rm -f -t 0 web
    gone() { ! pgrep -u "$(id -u)" -f '^ctl: net web'; }
    eventually gone
}
