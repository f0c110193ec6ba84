# ctl logs: what was printed, by stream, with times, in part, and while it is printed.
load helper
setup() { setup_busybox; }

@test "prints both streams, each to its own" {
    ctl run -d --name l "$IMG" sh -c 'echo one; echo two >&2; echo three' >/dev/null
    ctl wait l >/dev/null
    run_ctl logs l
    equals "$output" $'one\nthree'
    equals "$stderr" two
}

@test "an attached container is logged too" {
    ctl run --name l "$IMG" echo seen >/dev/null
    equals "$(ctl logs l)" seen
}

@test "--tail prints the last lines only" {
    ctl run --name l "$IMG" seq 100 >/dev/null
    equals "$(ctl logs --tail 3 l)" $'98\n99\n100'
    equals "$(ctl logs --tail 0 l)" ""
}

@test "-t puts the time before each line" {
    ctl run --name l "$IMG" echo stamped >/dev/null
    run_ctl logs -t l
    [[ $output =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)\ stamped$ ]]
}

@test "--since and --until cut by time" {
    ctl run --name l "$IMG" echo now >/dev/null
    equals "$(ctl logs --since 1h l)" now
    equals "$(ctl logs --since 2099-01-01T00:00:00Z l)" ""
    equals "$(ctl logs --until 2000-01-01T00:00:00Z l)" ""
}

@test "-f follows until the container ends" {
    ctl run -d --name l "$IMG" sh -c 'echo first; while [ ! -e /go ]; do sleep 0.1; done; echo last' >/dev/null
    ctl logs -f l >out &
    local follower=$!
    eventually grep -q first out
    ctl exec l touch /go
    wait $follower
    equals "$(cat out)" $'first\nlast'
}

@test "-f goes on over a restart, however long that takes" {
    ctl create --name slow "$IMG" sleep 1000
    ctl run -d --requires slow --name l "$IMG" sh -c 'echo run; exec sleep 1000' >/dev/null
    "$CTL" logs -f l >out &
    local follower=$! runs
    for runs in 2 3; do
        ctl stop -t 0 slow # is started between the end and the start of the other
        ctl restart -t 0 l
        eventually eval "[ \$(wc -l <out) = $runs ]"
    done
    ctl stop -t 0 l
    wait $follower
    equals "$(wc -l <out)" 3
}

@test "a line without an end is kept as it is" {
    ctl run --name l "$IMG" printf 'no newline' >/dev/null
    equals "$(ctl logs l)" "no newline"
}

@test "a line longer than any buffer comes back whole" {
    ctl run --name l "$IMG" sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo' >/dev/null
    equals "$(ctl logs l | wc -c)" 100001
    equals "$(ctl logs l | wc -l)" 1
}

@test "logs stay when the container starts again" {
    ctl run --name l "$IMG" echo once >/dev/null
    ctl start --attach l >/dev/null
    equals "$(ctl logs l)" $'once\nonce'
}

@test "several containers come in the order of time, each line with its container" {
    ctl run --name a "$IMG" sh -c 'echo 1; echo 4' >/dev/null
    ctl run --name b "$IMG" echo 2 >/dev/null
    equals "$(ctl logs -n a b)" $'a 1\na 4\nb 2'
    equals "$(ctl logs a b | tail -n 1)" "$(ctl inspect --format '{{.Id}}' b | cut -c1-12) 2"
    equals "$(ctl logs --color -n b a | tail -n 1)" $'\e[31mb\e[0m 2'
}

@test "-f of several containers ends when the last one does" {
    ctl run -d --name a "$IMG" sh -c 'echo from-a; while [ ! -e /go ]; do sleep 0.1; done' >/dev/null
    ctl run -d --name b "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.1; done; echo from-b' >/dev/null
    ctl logs -fn a b >out &
    local follower=$!
    eventually grep -q from-a out
    ctl exec a touch /go
    ctl wait a >/dev/null
    ctl exec b touch /go
    wait $follower
    equals "$(cat out)" $'a from-a\nb from-b'
}

@test "-l is the container made last" {
    ctl run --name a "$IMG" echo old >/dev/null
    ctl run --name b "$IMG" echo new >/dev/null
    equals "$(ctl logs -l)" new
    fails_with 125 "exclude each other" logs -l a
    fails_with 125 "missing argument CONTAINER" logs
}

@test "--until ends following" {
    ctl run -d --name l "$IMG" sh -c 'echo early; sleep 1000' >/dev/null
    eventually sh -c '[ "$("$CTL" logs l)" = early ]'
    equals "$(ctl logs -f --until "$(date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 second')" l)" early
    is_running l
}

@test "a container that is not there is an error" {
    fails_with 125 nobody logs nobody
}
