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

net_process() { pgrep -u "$(id -u)" -f "^ctl: net $1 *\$"; }
restarts_of() { ctl inspect --format '{{.NetworkSettings.Restarts}}' "$1"; }
# kill_network NAME COUNT: kills its process, and waits until the one after it is on record.
kill_network() {
    kill -KILL "$(net_process "$1")"
    counted() { [ "$(restarts_of "$1")" = "$2" ]; }
    eventually counted "$1" "$2"
}

@test "a network process that is killed is counted, its ports stay bound, and its numbers go on" {
    local port
    server echo "$HOST"
    port=$(free_port)
    ctl run -d --name web -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e echo served; done' >/dev/null
    equals "$(restarts_of web)" 0
    equals "$(ctl exec web sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    kill_network web 1
    equals "$(stat_of web 'Restarts}} {{.TCP.Flows.Total')" "1 1"
    fails_with 125 "already in use" run --rm -p "$port:80" "$IMG" true
    asks "$port" served
    equals "$(ctl exec web sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    equals "$(ctl inspect --format '{{.State.Status}} {{.State.Error}} {{.RestartCount}}' web)" "running  0"
    ctl restart -t 0 web >/dev/null
    equals "$(restarts_of web)" 0
}
asks() { "$BATS_TEST_DIRNAME/netserver.py" ask 127.0.0.1 "$1" | grep -q "$2"; }

@test "connections of a network process that is killed are reset on both sides, also those that wait" {
    local port
    "$BATS_TEST_DIRNAME/netserver.py" hear "$HOST" 0 >heard 3>&- &
    SERVERS+=($!)
    eventually test -s heard
    PORT=$(head -1 heard) port=$(free_port)
    ctl run -d --name c -p "$port:7000" -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" sh -c "/usr/bin/python3 /tests/netserver.py wait $HOST $PORT >/out 2>&1 & exec /usr/bin/python3 /tests/netserver.py hear 0.0.0.0 7000 >/in 2>&1" >/dev/null
    eventually ctl exec c test -s /in # it listens: who comes before is accepted by this machine, and reset by the container
    # One of either direction, and nobody says anything on them.
    "$BATS_TEST_DIRNAME/netserver.py" wait 127.0.0.1 "$port" >client 2>&1 3>&- &
    SERVERS+=($!)
    open_is() { [ "$(stat_of c TCP.Flows.Open)" = "$1" ]; }
    eventually open_is 2
    kill_network c 1
    eventually ctl exec c grep -q ConnectionResetError /out
    eventually ctl exec c grep -q ConnectionResetError /in
    eventually grep -q ConnectionResetError client
    eventually grep -q ConnectionResetError heard
}

@test "a network process that ends five times within a minute is given up, with an error, and the container goes on" {
    local port
    port=$(free_port)
    ctl run -d --name web -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e echo served; done' >/dev/null
    for count in 1 2 3 4; do kill_network web "$count"; done
    eventually asks "$port" served
    kill -KILL "$(net_process web)"
    given_up() { [ -n "$(ctl inspect --format '{{.State.Error}}' web)" ]; }
    eventually given_up
    contains "$(ctl inspect --format '{{.State.Error}}' web)" "ended 5 times within a minute, at last killed by signal 9"
    equals "$(ctl inspect --format '{{.State.Status}} {{.NetworkSettings.Restarts}}' web)" "running 4"
    ! net_process web
    ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null # refused, and not left waiting
    equals "$(ctl exec web sh -c 'cd /sys/class/net; echo *')" lo
    ctl restart -t 0 web >/dev/null
    eventually asks "$port" served
    equals "$(ctl inspect --format '{{.State.Status}} {{.State.Error}} {{.NetworkSettings.Restarts}}' web)" "running  0"
}

@test "network stats works with --tmpdir, not in a directory of others, and leaves no file of a monitor that was killed" {
    mkdir -m 0700 elsewhere
    ctl --tmpdir "$T/elsewhere" run -d --name c "$IMG" sleep 1000 >/dev/null
    equals "$(stat_of c TCP.Flows.Total)" 0
    equals "$(ls elsewhere/net | wc -l)" 1
    kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    ctl rm -f -t 0 c >/dev/null
    equals "$(ls elsewhere/net elsewhere/attach | grep -v :)" ""
    chmod 0777 elsewhere/net
    ctl --tmpdir "$T/elsewhere" run -d --name c "$IMG" sleep 1000 >/dev/null
    fails_with 125 "has no counters" network stats c
}

pcap() { "$BATS_TEST_DIRNAME/pcap.py" "$1"; }
# capturing NAME FILE OPTION...: in the background, and it has begun when this returns. Sets CAPTURE.
capturing() {
    local name=$1 file=$2
    shift 2
    "$CTL" network capture "$@" "$name" "$file" 2>said 3>&- &
    CAPTURE=$!
    SERVERS+=("$CAPTURE")
    eventually test -s "$file" # the header comes at once
}

@test "network capture writes a container's packets to a pcap file, until it is interrupted" {
    server echo "$HOST"
    ctl run -d --name c "$IMG" sleep 1000 >/dev/null
    capturing c "$T/c.pcap"
    equals "$(ctl exec c sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    kill -TERM "$CAPTURE" # INT is ignored in the background
    wait "$CAPTURE"
    run pcap c.pcap
    equals "$status" 0
    contains "$output" "tcp 10.88.0.2:"
    contains "$output" " $HOST:$PORT "
    contains "$output" "tcp $HOST:$PORT 10.88.0.2:"
    equals "$(cat said)" "${#lines[@]} packets"
    grep -q hello c.pcap
    equals "$(stat -c %a c.pcap)" 600
    if command -v tcpdump >/dev/null; then
        equals "$(tcpdump -nr c.pcap 2>/dev/null | wc -l)" "${#lines[@]}"
    fi
    # It is over: another one may begin, and the first file stays as it is.
    size=$(stat -c %s c.pcap)
    capturing c "$T/other.pcap"
    equals "$(ctl exec c sh -c "echo hello | nc -w 5 $HOST $PORT")" hello
    kill -KILL "$CAPTURE"
    capturing c "$T/third.pcap"
    equals "$(stat -c %s c.pcap)" "$size"
}

@test "network capture ends after --count packets, keeps as much of each as wanted, and prints to standard output" {
    server echo "$HOST"
    ctl run -d --name c "$IMG" sleep 1000 >/dev/null
    capturing c "$T/c.pcap" --count 3 -s 40
    ctl exec c sh -c "echo hello | nc -w 5 $HOST $PORT" >/dev/null
    wait "$CAPTURE"
    equals "$(pcap c.pcap | wc -l)" 3
    ! pcap c.pcap | grep -vE ' ([1-3]?[0-9]|40)$'
    equals "$(cat said)" "3 packets"
    "$CTL" network capture -c 1 c - >out.pcap 2>/dev/null 3>&- &
    SERVERS+=($!)
    eventually test -s out.pcap
    ctl exec c sh -c "echo hello | nc -w 5 $HOST $PORT" >/dev/null
    wait $!
    equals "$(pcap out.pcap | wc -l)" 1
}

@test "network capture has the first packets of one that is prepared, and ends with the container" {
    server echo "$HOST"
    ctl create --name c "$IMG" sh -c "echo hello | nc -w 5 $HOST $PORT" >/dev/null
    ctl init c >/dev/null
    capturing c "$T/c.pcap"
    equals "$(ctl start -a c)" hello
    wait "$CAPTURE"
    contains "$(pcap c.pcap)" " $HOST:$PORT "
    grep -q hello c.pcap
}

@test "network capture says what keeps it from capturing" {
    ctl run -d --name c "$IMG" sleep 1000 >/dev/null
    ctl run -d --name alone --network none "$IMG" sleep 1000 >/dev/null
    ctl create --name still "$IMG" true >/dev/null
    fails_with 125 "/nowhere/x.pcap: No such file or directory" network capture c /nowhere/x.pcap
    mkdir -m 0500 closed
    fails_with 125 "Permission denied" network capture c "$T/closed/x.pcap"
    fails_with 125 "No space left" network capture c /dev/full
    fails_with 125 'has the network "none"' network capture alone "$T/x.pcap"
    fails_with 125 "does not run" network capture still "$T/x.pcap"
    fails_with 125 "no container with name" network capture nobody "$T/x.pcap"
    fails_with 125 "snapshot-length" network capture -s much c "$T/x.pcap"
    capturing c "$T/c.pcap"
    fails_with 125 "captured already" network capture c "$T/x.pcap"
    kill -TERM "$CAPTURE" # INT is ignored in the background
    wait "$CAPTURE"
    equals "$(ls "$XDG_DATA_HOME"/ctl/containers/*/ | grep capture)" ""
}
