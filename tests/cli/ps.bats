# ps: which containers, in which order, with which columns; as podman-ps(1) has it.
load helper
setup() { setup_busybox; }

# Three containers: on (running, a label, a volume), off (exited with 3), new (created), in that order.
three() {
    ctl run -d --name on --label tier=web -v vol:/data "$IMG" sleep 100 >/dev/null
    ctl run --name off "$IMG" sh -c 'echo hello >/f; exit 3' || true
    ctl create --name new "$IMG" echo hi >/dev/null
}

names() { ctl ps --format '{{.Names}}' "$@" | tr '\n' ' '; }

@test "ps prints the oldest first, -n and -l the latest" {
    three
    equals "$(names -a)" "on off new "
    equals "$(names -n 2)" "off new "
    equals "$(names -l)" "new "
    equals "$(names -n 0)" ""
    fails_with 125 "exclude each other" ps -l -n 1
}

@test "ps --filter: the same key means or, different keys and labels mean and" {
    three
    equals "$(names -a -f name=on -f name=new)" "on new "
    equals "$(names -a -f name=o -f exited=3)" "off "
    equals "$(names -a -f label=tier=web -f label=none)" ""
    equals "$(names -a -f 'label!=tier')" "off new "
    equals "$(names -a -f volume=vol)" "on "
    equals "$(names -a -f volume=/data)" "on "
    equals "$(names -a -f ancestor=busybox -f before=off)" "on "
    equals "$(names -a -f since=on)" "off new "
}

@test "ps --filter status shows those that do not run without -a" {
    three
    equals "$(names -f status=exited)" "off "
    equals "$(names -f status=created)" "new "
    equals "$(names -f exited=3)" ""
}

@test "ps --filter with a key or a value that nobody knows is an error" {
    fails_with 125 "no such filter" ps -f color=red
    fails_with 125 "expected created" ps -f status=up
    fails_with 125 "no container with name" ps -f before=nobody
}

@test "ps --sort" {
    three
    equals "$(names -a --sort names)" "new off on "
    equals "$(names -a --sort status)" "new off on "
    equals "$(names -a --sort created)" "on off new "
    fails_with 125 "is not one of" ps --sort color
}

@test "ps --size tells the bytes of the container and of its image" {
    three
    run_ctl ps -a --size --format '{{.Names}} {{.Size}}'
    contains "$output" "off 6B (virtual "
    contains "$(ctl ps -as)" SIZE
    equals "$(ctl ps -as --format json | jq '.[1].Size.rwSize')" 6
    equals "$(ctl ps -a --format json | jq '.[1].Size')" null
    fails_with 125 "exclude each other" ps -qs
}

@test "ps --ns tells the namespaces of the processes" {
    three
    local pid mnt
    pid=$(ctl inspect -f '{{.State.Pid}}' on)
    mnt=$(readlink "/proc/$pid/ns/mnt")
    contains "$(ctl ps --ns)" "${mnt//[^0-9]/}"
    equals "$(ctl ps --ns --format json | jq -r '.[0].Namespaces.Mnt')" "${mnt//[^0-9]/}"
    equals "$(ctl ps --format json | jq -c '.[0].Namespaces')" '{}'
}

@test "ps --format json tells what became of a container" {
    three
    equals "$(ctl ps -a --format json | jq -c '.[1] | [.Exited, .ExitCode, .State]')" '[true,3,"exited"]'
    equals "$(ctl ps -a --format json | jq -c '.[2] | [.StartedAt, .Pid]')" '[-62135596800,0]'
}

@test "ps merges ranges of ports" {
    local port
    port=$(free_port)
    ctl create --name p -p "127.0.0.1:$port:80" -p 4000-4002:5000-5002 "$IMG" true >/dev/null
    equals "$(ctl ps -a --format '{{.Ports}}')" "127.0.0.1:$port->80/tcp, 0.0.0.0:4000-4002->5000-5002/tcp"
    equals "$(ctl ps -a --format json | jq -c '.[0].Ports[1]')" '{"container_port":5000,"host_ip":"","host_port":4000,"protocol":"tcp","range":3}'
}

@test "ps --format: fields for people, json for programs" {
    three
    local id
    id=$(ctl inspect -f '{{.Id}}' on)
    equals "$(ctl ps --format '{{.ID}}')" "${id:0:12}"
    equals "$(ctl ps --format '{{json .}}' | jq -r .Id)" "$id"
    equals "$(ctl ps --format '{{.Label "tier"}}')" web
    equals "$(ctl ps -a --format '{{range .}}{{.Names}}{{"\n"}}{{end}}')" "$(printf 'on\noff\nnew')"
    equals "$(ctl ps -a --format '{{if eq .State "exited"}}{{.Names}}{{end}}' | tr -d '\n')" off
}

@test "ps --noheading, an empty --format and the word table" {
    three
    equals "$(ctl ps --noheading | wc -l)" 1
    equals "$(ctl ps --format '')" "$(ctl ps)"
    equals "$(ctl ps --format table)" "$(ctl ps)"
    equals "$(ctl ps --noheading --format 'table {{.Names}}')" on
}

@test "ps --watch prints again" {
    three
    "$CTL" ps --watch 1 --format '{{.Names}}' >"$T/out" 3>&- &
    eventually sh -c '[ "$(grep -c on "$1")" -ge 2 ]' - "$T/out"
    kill $!
}

@test "ps shows a lost container without a time when there is none" {
    ctl create --name lost "$IMG" true >/dev/null
    : >"$XDG_DATA_HOME/ctl/containers/$(ctl inspect -f '{{.Id}}' lost)/state.json" # as a power cut may leave it
    equals "$(ctl ps -a --format '{{.Status}}')" "Exited (137)"
}

@test "the command that made a container is recorded" {
    ctl create --name c --label "a=b c" "$IMG" echo hi >/dev/null
    equals "$(ctl inspect c | jq -c '.[0].Config.CreateCommand[1:]')" '["create","--name","c","--label","a=b c","'"$IMG"'","echo","hi"]'
}

@test "ps remembers many containers and still tells what became of each" {
    for i in $(seq 70); do ctl create --name "c$i" "$IMG" true >/dev/null; done
    sleep 0.2 # what has just changed is not remembered
    equals "$(ctl ps -a --format '{{.Names}}' | wc -l)" 70
    find "$XDG_RUNTIME_DIR/ctl" -name 'list-*' | grep -q .
    ctl rename c1 other
    ctl rm c2
    ctl start c3 && ctl wait c3
    run_ctl ps -a --format '{{.Names}} {{.State}}'
    equals "${#lines[@]}" 69
    contains "$output" "other created"
    lacks "$output" "c2 "
    contains "$output" "c3 exited"
    contains "$output" "c4 created"
}
