# Who may reach whom, by which address it is seen, and how large a packet may be on the way.
load helper
load network

@test "containers do not reach each other: not by an address of the other's, the gateway's, this machine's, nor by what goes to all" {
    local capture
    ctl run -d --name one "$IMG" sh -c 'while :; do echo served | nc -l -p 7000; done' >/dev/null
    eventually eval 'ctl exec one nc 10.88.0.2 7000 | grep -q served'
    "$CTL" network capture one "$T/one.pcap" 2>/dev/null 3>&- &
    capture=$!
    SERVERS+=("$capture")
    eventually test -s one.pcap
    ctl run -d --name two --cap-add NET_ADMIN -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro "$IMG" sleep 1000 >/dev/null
    "$CTL" network capture two "$T/two.pcap" 2>/dev/null 3>&- &
    SERVERS+=($!)
    eventually test -s two.pcap
    # By its own address it would only reach itself.
    ctl exec two ip addr del 10.88.0.2/24 dev eth0
    ctl exec two ip addr add 10.88.0.77/24 dev eth0
    ctl exec two ip route replace default via 10.88.0.1
    ctl exec two ip addr add fd88::77/64 dev eth0
    ctl exec two ip addr del fd88::2/64 dev eth0
    for address in 10.88.0.2 10.88.0.1 169.254.1.2 "$HOST" fd88::2 fd88::1 fd88:0:0:1::2; do
        run ctl exec two nc -w 2 "$address" 7000
        [ "$status" -ne 0 ] || { echo "two reaches one by $address"; return 1; }
        equals "$(grep -c served <<<"$output" || true)" 0
    done
    ctl exec two /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for address in sys.argv[1:]: s.sendto(b"from-two", (address, 7000))' 10.88.0.255 255.255.255.255 224.0.0.1 10.88.0.2 10.88.0.1 "$HOST"
    eventually grep -qa from-two two.pcap # that is what a capture of it looks like
    kill -TERM "$capture"
    wait "$capture"
    run grep -ca from-two one.pcap
    equals "$output" 0
}

@test "a client's IPv6 address is seen by the service on a published port, over TCP and UDP, and the answer comes from where it asked" {
    # shellcheck disable=SC2016
    elsewhere '
        for address in 2001:db8::7 2001:db8::8 2001:db8::9; do ip addr add "$address/128" dev lo; done
        inside="-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v $TESTS:/tests:ro $IMG /usr/bin/python3 /tests/netserver.py"
        ctl run -d --name stream -p 7000:7000 $inside who :: 7000 >/dev/null
        ctl run -d --name datagrams -p "[2001:db8::7]:7001:7001/udp" -p 7002:7001/udp $inside udp-who :: 7001 >/dev/null
        ask() {
            python3 -c "
import socket, sys
kind, source, address, port = sys.argv[1:]
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == \"tcp\" else socket.SOCK_DGRAM)
s.settimeout(2)
s.bind((source, 0))
if kind == \"tcp\":
    s.connect((address, int(port)))
    print(s.makefile().read().strip())
else:
    s.sendto(b\"hello\", (address, int(port)))
    answer, peer = s.recvfrom(1000)
    print(answer.decode(), \"by\", peer[0])" "$@"
        }
        sees() { [ "$(ask "${@:2}")" = "$1" ]; }
        for source in 2001:db8::8 2001:db8::9; do
            eventually sees "$source" tcp "$source" 2001:db8::7 7000
            for port in 7001 7002; do
                eventually sees "hello from $source by 2001:db8::7" udp "$source" 2001:db8::7 "$port"
            done
        done
        eventually sees "hello from 2001:db8::8 by 2001:db8::9" udp 2001:db8::8 2001:db8::9 7002
        ctl rm -f -t 0 stream datagrams'
}

@test "a router that has no room for a datagram is heard of inside: the path's MTU, in both families" {
    # shellcheck disable=SC2016
    elsewhere '
        unshare --net sleep 1000 & router=$!
        apart() { [ "$(readlink "/proc/$router/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
        eventually apart
        ip link add uplink type veth peer name inner netns "$router"
        ip addr add 192.0.2.7/24 dev uplink; ip addr add 2001:db8::7/64 dev uplink nodad; ip link set uplink up
        nsenter -t "$router" -n sh -euc "
            ip addr add 192.0.2.1/24 dev inner; ip addr add 2001:db8::1/64 dev inner nodad; ip link set inner up
            ip link add far mtu 1300 type veth peer name farther; ip link set far up; ip link set farther up
            ip route add 198.51.100.0/24 dev far; ip -6 route add 2001:db8:1::/64 dev far
            echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"
        ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1
        for address in 198.51.100.9 2001:db8:1::9; do
            ctl run --rm -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro "$IMG" /usr/bin/python3 -c "
import errno, socket, time
v6 = \":\" in \"$address\"
level, discover, mtu = (41, 23, 24) if v6 else (0, 10, 14)  # IP_MTU_DISCOVER, IP_MTU and their like
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(level, discover, 2)  # IP_PMTUDISC_DO
s.connect((\"$address\", 9))
before = s.getsockopt(level, mtu)
try:
    for i in range(100):
        s.send(bytes(1400))
        time.sleep(0.05)
except OSError as error:
    while s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # the others that were under way
        time.sleep(0.1)
    print(before, errno.errorcode[error.errno], s.getsockopt(level, mtu), s.send(bytes(1200)))
" >said
            equals "$(cat said)" "1500 EMSGSIZE 1300 1200"
        done'
}
