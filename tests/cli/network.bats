# none, host, and default with published ports.
load helper
setup() { setup_busybox; }

# A web server in a container: PORT-OPTION..., serving the word "served".
serve() { ctl run -d --name web "$@" "$IMG" sh -c 'mkdir /w && echo served >/w/index.html && exec httpd -f -p 80 -h /w' >/dev/null; }
fetch() { curl -fsS --noproxy '*' --max-time 10 "$@"; }

@test "--expose names ports, and --publish-all publishes them" {
    ctl create --name c --expose 80 --expose 8000-8001/tcp --expose 53/udp "$IMG" true >/dev/null
    equals "$(ctl inspect --format '{{range $p, $_ := .Config.ExposedPorts}}{{$p}} {{end}}' c)" "53/udp 80/tcp 8000/tcp 8001/tcp "
    equals "$(ctl inspect --format '{{.HostConfig.PublishAllPorts}} {{.HostConfig.PortBindings}}' c)" "false map[]"
    ctl run -d --name d -P --expose 80 --expose 8000 -p "127.0.0.1:$(free_port):8000" "$IMG" sleep 1000 >/dev/null
    equals "$(ctl inspect --format '{{.HostConfig.PublishAllPorts}}' d)" true
    [[ $(ctl port d 80) =~ ^0.0.0.0:[0-9]+$ ]]
    [[ $(ctl port d 8000) =~ ^127.0.0.1:[0-9]+$ ]]
    fails_with 125 "expected a port" create --expose http "$IMG" true
    fails_with 125 "the range is empty" create --expose 9-8 "$IMG" true
}

@test "none has a loopback of its own that is up, and nothing else" {
    run_ctl run --rm --network none "$IMG" sh -c 'cd /sys/class/net && echo *; ping -c1 -W2 127.0.0.1 >/dev/null 2>&1; cat /sys/class/net/lo/flags'
    equals "${lines[0]}" lo
    equals "${lines[1]}" 0x9
}

@test "default has a loopback that is up" {
    run_ctl run --rm "$IMG" sh -c 'cat /sys/class/net/lo/flags'
    equals "$output" 0x9
}

@test "host sees the host's interfaces" {
    run_ctl run --rm --network host "$IMG" sh -c 'cut -d: -f1 /proc/net/dev | tr -d " "'
    equals "$(tail -n +3 <<<"$output" | sort)" "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | sort)"
}

@test "an unknown network is an error" {
    run_ctl run --rm --network nowhere "$IMG" true
    equals "$status" 125
    contains "$stderr" nowhere
}

@test "-p HOST:CONTAINER is answered by the container" {
    local port
    port=$(free_port)
    serve -p "$port:80"
    eventually fetch "http://127.0.0.1:$port/"
    equals "$(fetch "http://127.0.0.1:$port/")" served
}

@test "-p IP:HOST:CONTAINER listens on that address only" {
    local port
    port=$(free_port)
    serve -p "127.0.0.2:$port:80"
    eventually fetch "http://127.0.0.2:$port/"
    run fetch "http://127.0.0.1:$port/"
    equals "$status" 7
}

@test "-p CONTAINER takes a free port, and ps tells which" {
    serve -p 80
    local port
    port=$(ctl ps --format '{{.Ports}}' | grep -oE ':[0-9]+->80/tcp' | grep -oE '^:[0-9]+' | tr -d :)
    eventually fetch "http://127.0.0.1:$port/"
}

@test "a range publishes each of its ports" {
    local port
    port=$(free_port)
    serve -p "$port-$((port + 1)):80-81"
    eventually fetch "http://127.0.0.1:$port/"
    contains "$(ctl ps --format '{{.Ports}}')" "81/tcp"
}

@test "a port in use is an error of run that names it, and leaves no container running" {
    local port
    port=$(free_port)
    serve -p "$port:80"
    run_ctl run -d --name second -p "$port:80" "$IMG" sleep 100
    equals "$status" 125
    contains "$stderr" "$port"
    equals "$(ctl ps --quiet | wc -l)" 1
}

@test "a udp port is shown as one, beside the tcp port of the same number" {
    need tun
    local port
    port=$(free_port)
    ctl run -d --name c -p "127.0.0.1:$port:53/udp" -p "127.0.0.1:$port:53" --expose 54/udp "$IMG" sleep 1000 >/dev/null
    equals "$(ctl port c)" "53/udp -> 127.0.0.1:$port
53/tcp -> 127.0.0.1:$port"
    equals "$(ctl port c 53/udp)" "127.0.0.1:$port"
    contains "$(ctl ps --format '{{.Ports}}')" "127.0.0.1:$port->53/udp, 127.0.0.1:$port->53/tcp, 54/udp"
    equals "$(ctl inspect --format '{{(index (index .HostConfig.PortBindings "53/udp") 0).HostPort}}' c)" "$port"
    fails_with 125 "port $port/udp on 127.0.0.1 is already in use" run --rm -p "127.0.0.1:$port:53/udp" "$IMG" true
    fails_with 125 "sctp" run --rm -p 5353:53/sctp "$IMG" true
}

@test "a udp port needs the interface, and says so" {
    [ ! -w /dev/net/tun ] || skip "this machine's /dev/net/tun can be used"
    fails_with 125 "udp ports cannot be published" run --rm -p 5353:53/udp "$IMG" true
}

@test "the port is free again when the container has ended" {
    local port
    port=$(free_port)
    serve -p "$port:80"
    ctl rm -f -t 0 web
    serve -p "$port:80"
    eventually fetch "http://127.0.0.1:$port/"
}

@test "ten megabytes arrive whole" {
    local port
    port=$(free_port)
    head -c 10000000 /dev/urandom >blob
    ctl run -d --name web -v "$T/blob:/w/blob:ro" -p "$port:80" "$IMG" httpd -f -p 80 -h /w >/dev/null
    eventually fetch -o /dev/null "http://127.0.0.1:$port/blob"
    fetch "http://127.0.0.1:$port/blob" | cmp - blob
}

@test "a connection that one side has finished still brings the other side's answer" {
    local port
    port=$(free_port)
    ctl run -d --name half -p "$port:7000" "$IMG" sh -c 'while :; do nc -l -p 7000 -e wc -c; done' >/dev/null
    run python3 - "$port" <<-'END'
		import socket, sys, time
		for _ in range(50):
		    try:
		        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
		        s.sendall(b"x" * 1234)
		        s.shutdown(socket.SHUT_WR)
		        answer = s.recv(100)
		        if answer:
		            break
		    except OSError:
		        pass
		    time.sleep(0.1)
		print(answer.decode().strip())
	END
    equals "$output" 1234
}

@test "two containers listen on the same port inside" {
    local one two
    one=$(free_port)
    ctl run -d --name a -p "$one:80" "$IMG" sh -c 'mkdir /w; echo a >/w/index.html; exec httpd -f -p 80 -h /w' >/dev/null
    two=$(free_port)
    ctl run -d --name b -p "$two:80" "$IMG" sh -c 'mkdir /w; echo b >/w/index.html; exec httpd -f -p 80 -h /w' >/dev/null
    eventually fetch "http://127.0.0.1:$one/"
    eventually fetch "http://127.0.0.1:$two/"
    equals "$(fetch "http://127.0.0.1:$one/")$(fetch "http://127.0.0.1:$two/")" ab
}

@test "without a network of the host's the container cannot reach a server of the host" {
    local port
    port=$(free_port)
    python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 &
    local server=$!
    eventually fetch -o /dev/null "http://127.0.0.1:$port/"
    run_ctl run --rm "$IMG" wget -q -T 3 -O - "http://127.0.0.1:$port/"
    kill $server
    [ "$status" -ne 0 ]
}
