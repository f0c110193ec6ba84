# Real programs inside a container, with servers of this machine's outside.
load helper
load network

# tool NAME...: skips the test where this machine lacks one: clients are this machine's programs, inside.
tool() {
    local name
    for name in "$@"; do command -v "$name" >/dev/null || [ -x "/usr/sbin/$name" ] || skip "no $name on this machine"; done
}
# inside COMMAND...: in a container that has this machine's programs, and a user's home.
inside() {
    ctl run -i --rm --tmpfs /tmp -e HOME=/tmp -e LANG=C.UTF-8 -e PATH=/usr/bin:/usr/sbin:/bin -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        -v "$T:/work" -w /work ${INSIDE:-} "$IMG" "$@"
}
# other_server KIND ARGS...: of netclients.py, as server does.
other_server() {
    "$BATS_TEST_DIRNAME/netclients.py" "$@" >port 3>&- &
    SERVERS+=($!)
    eventually test -s port
    PORT=$(head -1 port)
}
# port_free_on ADDRESS: a port for a server that wants to be told one.
port_free_on() { python3 -c 'import socket, sys; s = socket.socket(); s.bind((sys.argv[1], 0)); print(s.getsockname()[1])' "$1"; }
listens() { (: <"/dev/tcp/$1/$2") 2>/dev/null; }

@test "curl: HTTP/1.1, a hundred megabytes up and down, and many requests on one connection" {
    tool curl
    other_server upload-server "$HOST"
    head -c 100000000 /dev/urandom >blob
    equals "$(inside curl -sS --noproxy '*' -T blob -H 'Expect:' "http://$HOST:$PORT/x")" "$(sha256sum <blob | cut -d' ' -f1)"
    equals "$(inside sh -c "curl -sS --noproxy '*' http://$HOST:$PORT/100000000 | wc -c")" 100000000
    equals "$(inside curl -sS --noproxy '*' -w '%{num_connects}' -o /dev/null "http://$HOST:$PORT/[1000-1049]")" "1$(printf '0%.0s' {1..49})"
}

@test "HTTP/2 without TLS: curl up and down, h2load with fifty streams at once" {
    tool curl nghttpd h2load
    mkdir root
    head -c 10000000 /dev/urandom >root/blob
    PORT=$(port_free_on "$HOST")
    /usr/sbin/nghttpd --no-tls --address="$HOST" --echo-upload -d root "$PORT" >/dev/null 2>&1 3>&- &
    SERVERS+=($!)
    eventually listens "$HOST" "$PORT"
    equals "$(inside sh -c "curl -sS --noproxy '*' --http2-prior-knowledge -w '%{http_version}\n' -o /tmp/blob http://$HOST:$PORT/blob; sha256sum </tmp/blob")" \
        "2
$(sha256sum <root/blob)"
    equals "$(inside sh -c "curl -sS --noproxy '*' --http2-prior-knowledge --data-binary @root/blob http://$HOST:$PORT/up | sha256sum")" "$(sha256sum <root/blob)"
    contains "$(inside h2load -n 200 -c 2 -m 50 "http://$HOST:$PORT/blob")" "200 succeeded, 0 failed"
}

@test "git clones from a server" {
    tool git
    git init -q source
    for number in $(seq 50); do echo "$number" >"source/file$number"; done
    head -c 5000000 /dev/urandom >source/blob
    git -C source add .
    git -C source -c user.name=x -c user.email=x@x commit -q -m all
    PORT=$(port_free_on "$HOST")
    git daemon --listen="$HOST" --port="$PORT" --base-path="$T" --export-all >/dev/null 2>&1 3>&- &
    SERVERS+=($!)
    eventually listens "$HOST" "$PORT"
    inside git clone -q "git://$HOST:$PORT/source" copy
    equals "$(git -C copy rev-parse HEAD)" "$(git -C source rev-parse HEAD)"
    git -C copy fsck --full
}

@test "dig: over UDP and over TCP" {
    tool dig
    # shellcheck disable=SC2016
    elsewhere '
        ip addr add 192.0.2.1/32 dev lo
        ip route add default dev lo
        "$TESTS/netserver.py" names 192.0.2.1 10.0.0.1 >/dev/null & "$TESTS/netserver.py" names-tcp 192.0.2.1 10.0.0.2 >/dev/null &
        echo "nameserver 192.0.2.1" >conf; mount --bind conf /etc/resolv.conf
        mounts="-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro"
        eventually sh -c "\"$CTL\" run --rm $mounts $IMG /usr/bin/dig +short some.example | grep -qx 10.0.0.1"
        eventually sh -c "\"$CTL\" run --rm $mounts $IMG /usr/bin/dig +short +tcp some.example | grep -qx 10.0.0.2"'
}

@test "dig over TCP: names of the engine, and the next server where the first does not answer" {
    tool dig
    # shellcheck disable=SC2016
    elsewhere '
        ip addr add 192.0.2.1/32 dev lo; ip addr add 192.0.2.2/32 dev lo; ip route add default dev lo
        "$TESTS/netserver.py" names-tcp 192.0.2.2 10.0.0.2 >/dev/null &
        printf "nameserver 192.0.2.1\nnameserver 192.0.2.2\n" >conf; mount --bind conf /etc/resolv.conf
        ctl run -d --name Me -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro $IMG sleep 1000 >/dev/null
        ask() { ctl exec Me /usr/bin/dig +short +tcp +tries=1 "$@"; }
        answers() { [ "$(ask some.example)" = 10.0.0.2 ]; }
        eventually answers
        for gateway in 10.88.0.1 fd88::1; do
            equals "$(ask "@$gateway" me)" 10.88.0.2
            # On one connection: ours, the server'"'"'s, ours again.
            equals "$(ask "@$gateway" +keepopen host.containers.internal some.example host.docker.internal | tr "\n" " ")" "169.254.1.2 10.0.0.2 169.254.1.2 "
        done
        kill %1; wait %1 || true
        contains "$(ask +noshort +comments some.example)" "status: SERVFAIL"
        equals "$(ask host.docker.internal)" 169.254.1.2
        ctl rm -f -t 0 Me'
}

@test "iperf3: up, down, both at once, several streams, UDP, blocks of all sizes" {
    tool iperf3
    local options address
    PORT=$(port_free_on "$HOST")
    iperf3 -s -B "$HOST" -p "$PORT" >/dev/null 2>&1 3>&- &
    SERVERS+=($!)
    eventually listens "$HOST" "$PORT"
    for options in "-n 50M" "-n 50M -R" "-n 50M --bidir" "-n 50M -P 8" "-n 50M -P 8 -R" "-n 1M -l 100" "-n 20M -l 1M" "-n 50M -Z" "-u -b 100M -n 5M" "-u -b 100M -n 5M -R" \
        "-u -b 50M -n 5M -l 20000" "-n 20M -N -M 500" "-n 20M -w 32K" "-n 20M -w 32K -R"; do
        # A server that has just been left may still be tidying up.
        # shellcheck disable=SC2086
        eventually_inside iperf3 -c "$HOST" -p "$PORT" $options || { echo "iperf3 $options"; return 1; }
    done
}
eventually_inside() { for _ in 1 2 3 4 5; do inside "$@" >said 2>&1 && return 0; sleep 0.3; done; cat said; return 1; }

@test "nc: each side may end its half first, and the other half goes on" {
    tool nc.openbsd
    # The client ends first, with its input (-N); the server answers afterwards.
    server sum "$HOST"
    equals "$(echo said | inside nc.openbsd -N "$HOST" "$PORT")" "$(echo said | sha256sum | cut -d' ' -f1)"
    # The server ends first, at once.
    other_server ends-first "$HOST"
    equals "$( (sleep 1; echo "said afterwards") | inside nc.openbsd -N "$HOST" "$PORT")" "said first"
    eventually grep -qx "said afterwards" port
}

@test "ssh: a session with a key, commands and a file both ways" {
    tool ssh sshd ssh-keygen
    mkdir -m 700 keys
    ssh-keygen -q -t ed25519 -N '' -f keys/host
    ssh-keygen -q -t ed25519 -N '' -f keys/user
    PORT=$(port_free_on "$HOST")
    printf '%s\n' "ListenAddress $HOST" "Port $PORT" "HostKey $T/keys/host" "AuthorizedKeysFile $T/keys/user.pub" "PidFile none" "StrictModes no" "UsePAM no" \
        "PasswordAuthentication no" >keys/config
    /usr/sbin/sshd -D -e -f "$T/keys/config" >sshd.log 2>&1 3>&- &
    SERVERS+=($!)
    eventually listens "$HOST" "$PORT"
    echo "root:x:0:0::/tmp:/bin/sh" >passwd
    head -c 20000000 /dev/urandom >blob
    local ssh="ssh -F none -i keys/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p $PORT $(id -un)@$HOST"
    equals "$(INSIDE="-v $T/passwd:/etc/passwd:ro" inside sh -c "$ssh echo hello")" hello
    equals "$(INSIDE="-v $T/passwd:/etc/passwd:ro" inside sh -c "$ssh sha256sum <blob; $ssh cat $T/blob | sha256sum")" "$(sha256sum <blob; sha256sum <blob)"
}

@test "a WebSocket: a thousand messages of all sizes, a ping, an orderly close" {
    other_server websocket-server "$HOST"
    equals "$(inside /usr/bin/python3 /tests/netclients.py websocket "$HOST" "$PORT")" "closed in order"
}

@test "ten thousand idle connections: all answer, in eight megabytes" {
    [ "$(ulimit -Hn)" -ge 14000 ] || skip "no more than $(ulimit -Hn) descriptors here"
    other_server idle-server "$HOST"
    mkfifo go
    ctl run -d --name c -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" -v "$T:/work" \
        "$IMG" sh -c "/usr/bin/python3 /tests/netclients.py idle $HOST $PORT 10000 </work/go" >/dev/null
    exec 7>go
    opened() { [ "$(ctl logs c)" = "10000 open" ]; }
    for _ in 1 2 3; do eventually opened && break; done
    opened
    equals "$(ctl network stats --format '{{.TCP.Flows.Open}}' c)" 10000
    local kib
    settled() { kib=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(pgrep -u "$(id -u)" -f '^ctl: net c *$')/status") && [ "$kib" -le 8192 ]; }
    eventually settled || { echo "$kib KiB"; return 1; }
    echo >&7
    exec 7>&-
    answered() { ctl logs c | grep -qx "10000 answered"; }
    eventually answered
}

@test "twenty thousand connections one after the other, over 32 ports" {
    other_server ports-server "$HOST" 32
    eventually grep -qx all port
    # shellcheck disable=SC2046
    equals "$(inside /usr/bin/python3 /tests/netclients.py connects "$HOST" 20000 $(grep -v all port))" "20000 good"
}

@test "apt-get update and install, from an archive of this machine's" {
    tool apt-get dpkg-deb
    mkdir -p tiny/DEBIAN tiny/opt/tiny archive
    printf '%s\n' "Package: tiny" "Version: 1" "Architecture: all" "Maintainer: x <x@x>" "Description: x" >tiny/DEBIAN/control
    head -c 3000000 /dev/urandom >tiny/opt/tiny/blob
    dpkg-deb --root-owner-group -b tiny archive/tiny.deb >/dev/null
    { cat tiny/DEBIAN/control; echo "Filename: ./tiny.deb"; echo "Size: $(stat -c %s archive/tiny.deb)"; echo "SHA256: $(sha256sum <archive/tiny.deb | cut -d' ' -f1)"; } >archive/Packages
    PORT=$(port_free_on "$HOST")
    python3 -m http.server --bind "$HOST" -d archive "$PORT" >/dev/null 2>&1 3>&- &
    SERVERS+=($!)
    eventually listens "$HOST" "$PORT"
    # This machine's apt and dpkg, with a state of their own.
    equals "$(inside sh -euc "
        mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers /var/lib/apt/lists/partial /var/cache/apt/archives/partial /var/log/apt /etc/apt/apt.conf.d /etc/apt/preferences.d
        touch /var/lib/dpkg/status
        echo 'deb [trusted=yes] http://$HOST:$PORT ./' >/etc/apt/sources.list
        { apt-get -q update && apt-get -qy -o APT::Sandbox::User=root install tiny; } >said 2>&1 || cat said
        sha256sum </opt/tiny/blob")" "$(sha256sum <tiny/opt/tiny/blob)"
}
