# The net process reads what strangers send: what it has no more.
load helper
load network

net_process() { pgrep -u "$(id -u)" -f "^ctl: net $1 *\$"; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# confined PID: no files, no capabilities, a filter.
confined() {
    local word
    for word in CapInh CapPrm CapEff CapAmb; do equals "$word $(status_of "$1" $word)" "$word 0000000000000000"; done
    equals "$(status_of "$1" NoNewPrivs)" 1
    equals "$(status_of "$1" Seccomp)" 2
    equals "$(wc -l <"/proc/$1/mountinfo")" 1
    contains "$(cat "/proc/$1/mountinfo")" " / / ro,nosuid,nodev,noexec,"
}

# For one who may look: nothing in its root, no directory among its descriptors.
sees_nothing() {
    [ -d "/proc/$1/root/" ]
    equals "$(ls -A "/proc/$1/root/")" ""
    local descriptor count=0
    for descriptor in "/proc/$1/fd/"*; do
        [ ! -d "$descriptor" ] || { ls -l "$descriptor"; return 1; }
        count=$((count + 1))
    done
    [ "$count" -gt 3 ]
}

@test "the network process has an empty root, no capabilities and a filter, also the one that follows it" {
    local first second
    ctl run -d --name c "$IMG" sleep 1000 >/dev/null
    first=$(net_process c)
    eventually confined "$first"
    kill -KILL "$first"
    followed() { second=$(net_process c) && [ "$second" != "$first" ]; }
    eventually followed
    eventually confined "$second"
    equals "$(ctl inspect --format '{{.NetworkSettings.Restarts}}' c)" 1
}

@test "the network process sees no files and holds no directory" {
    # shellcheck disable=SC2016
    export -f status_of confined sees_nothing
    elsewhere 'ctl run -d --name c -p 127.0.0.1:7000:7000 "$IMG" sleep 1000 >/dev/null
        pid=$(pgrep -f "^ctl: net c *\$")
        eventually confined "$pid"
        sees_nothing "$pid"
        ctl rm -f -t 0 c'
}

@test "the forwarder of a container without an interface has as little, and forwards" {
    # shellcheck disable=SC2016
    export -f status_of confined sees_nothing
    elsewhere 'mount -t tmpfs none /dev/net
        ctl run -d --name c -p 127.0.0.1:7000:7000 "$IMG" sh -c "while :; do echo served | nc -l -p 7000; done" >/dev/null
        pid=$(pgrep -f "^ctl: net c *\$")
        eventually confined "$pid"
        sees_nothing "$pid"
        eventually sh -c "$TESTS/netserver.py ask 127.0.0.1 7000 | grep -q served"
        ctl rm -f -t 0 c'
}

@test "changes of resolv.conf are followed, by a running network process and by one that follows it" {
    # shellcheck disable=SC2016
    export -f status_of confined sees_nothing
    elsewhere '
        for address in 192.0.2.1 192.0.2.2 192.0.2.3; do
            ip addr add "$address/32" dev lo
            "$TESTS/netserver.py" names "$address" "10.0.0.${address##*.}" >/dev/null 3>&- &
        done
        ip route add default dev lo
        echo "nameserver 192.0.2.1" >conf; mount --bind conf /etc/resolv.conf
        ctl run -d --name c "$IMG" sleep 1000 >/dev/null
        answers() { ctl exec c nslookup -type=a some.example 10.88.0.1 | grep -q "Address: $1\$"; }
        eventually answers 10.0.0.1
        echo "nameserver 192.0.2.2" >conf
        eventually answers 10.0.0.2
        pid=$(pgrep -f "^ctl: net c *\$")
        kill -KILL "$pid"
        eventually answers 10.0.0.2
        echo "nameserver 192.0.2.3" >conf
        eventually answers 10.0.0.3
        ctl rm -f -t 0 c'
}
