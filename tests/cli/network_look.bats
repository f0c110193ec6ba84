# Looking into a container's network while it runs: its counters.
load helper
load network

stat_of() { ctl network stats --format "{{.$2}}" "$1"; }

@test "network stats counts a container's packets, connections, refusals and questions while it runs" {
    server echo "$HOST"
    ctl run -d --name c --network "default:deny=203.0.113.0/24" "$IMG" sleep 1000 >/dev/null
    equals "$(stat_of c TCP.Flows.Total)" 0
    equals "$(ctl exec c sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    equals "$(stat_of c 'TCP.Flows.Total}} {{.TCP.Flows.Refused}} {{.TCP.Flows.Prohibited')" "1 0 0"
    ! ctl exec c nc -w 5 "$HOST" "$(free_port)" 2>/dev/null
    ! ctl exec c nc -w 5 203.0.113.1 80 2>/dev/null
    equals "$(stat_of c 'TCP.Flows.Total}} {{.TCP.Flows.Refused}} {{.TCP.Flows.Prohibited')" "2 1 1"
    ctl exec c nslookup -type=a c 10.88.0.1 >/dev/null
    equals "$(stat_of c 'Names.Questions}} {{.Names.AnsweredHere}} {{.Names.Failed')" "1 1 0"
    [ "$(stat_of c UDP.FromContainer.Packets)" -ge 1 ]
    [ "$(stat_of c TCP.ToContainer.Bytes)" -gt 200 ]
    # What the interface itself has counted.
    equals "$(stat_of c 'Link.ToContainer.Packets}} {{.Link.ToContainer.Bytes')" \
        "$(ctl exec c sh -c 'cd /sys/class/net/eth0/statistics; echo $(cat rx_packets rx_bytes)')"
    equals "$(ctl stats --no-stream --format '{{.NetIO}}' c | cut -d/ -f1)" "$(stat_of c Link.ToContainer.Bytes | awk '{printf $1 < 1000 ? $1 "B " : "%.4gkB ", $1 / 1000}')"
}

@test "network stats shows connections that are open, of both directions" {
    local port
    server echo "$HOST"
    port=$(free_port)
    ctl run -d --name c -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e cat; done' >/dev/null
    eventually bash -c "exec 7<>/dev/tcp/127.0.0.1/$port"
    open_is() { [ "$(stat_of c TCP.Flows.Open)" = "$1" ]; }
    eventually open_is 0
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    eventually open_is 1
    ctl exec -d c sh -c "sleep 1000 | nc $HOST $PORT"
    eventually open_is 2
    exec 7<&-
    eventually open_is 1
}

@test "network stats has a line for each protocol, json for programs, and says who has no counters" {
    ctl run -d --name c "$IMG" sleep 1000 >/dev/null
    ctl run -d --name other --network none "$IMG" sleep 1000 >/dev/null
    ctl create --name still "$IMG" true >/dev/null
    run_ctl network stats
    equals "$status" 0
    equals "${#lines[@]}" 4
    contains "${lines[0]}" "PROTOCOL"
    contains "${lines[1]}" " tcp "
    contains "${lines[3]}" " icmp "
    equals "$(ctl network stats --format json c | python3 -c 'import json, sys; d, = json.load(sys.stdin); print(d["Name"], d["Interface"], d["TCP"]["Flows"]["Total"], len(d["ID"]))')" "c True 0 64"
    fails_with 125 'its network is "none"' network stats other
    fails_with 125 "does not run" network stats still
    fails_with 125 "no container with name or id" network stats nobody
    fails_with 125 "network create is not supported yet" network create n
    rm -rf "$XDG_RUNTIME_DIR/ctl/net"
    fails_with 125 "a restart brings them back" network stats c
    ctl restart -t 0 c >/dev/null
    equals "$(stat_of c TCP.Flows.Total)" 0
    ctl rm -f -t 0 c >/dev/null
    equals "$(ls "$XDG_RUNTIME_DIR/ctl/net")" ""
}
