# --log-driver=journald with a real journal: what is written, and reading it back.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null
}

teardown() {
    remove_containers
    nothing_left
}

logged() { ctl run --name "$1" --log-driver journald localhost/busybox sh -c "$2" >/dev/null 2>&1; }
# The fields of the container's first record with that message.
entry() { journalctl --quiet --output export "CONTAINER_ID_FULL=$(ctl inspect -f '{{.Id}}' "$1")" "MESSAGE=$2"; }

@test "a record has the fields that Podman's have" {
    ctl run --name web --log-driver journald localhost/busybox sh -c 'echo hello; echo oops >&2'
    id=$(ctl inspect -f '{{.Id}}' web)
    ctl logs web # which waits for the journal
    hello=$(entry web hello)
    echo "$hello"
    contains "$hello" "CONTAINER_NAME=web"
    contains "$hello" "CONTAINER_ID=${id:0:12}"
    contains "$hello" "CONTAINER_ID_FULL=$id"
    contains "$hello" "IMAGE_NAME=localhost/busybox:latest"
    contains "$hello" "SYSLOG_IDENTIFIER=web"
    contains "$hello" "PRIORITY=6"
    contains "$hello" "_UID=$(id -u)"
    contains "$(entry web oops)" "PRIORITY=3"
}

@test "a tag is a field and the program's name" {
    ctl run --name web --log-driver journald --log-opt tag='{{.Name}}/{{.ID}}' localhost/busybox echo hello
    ctl logs web
    id=$(ctl inspect -f '{{.Id}}' web)
    contains "$(entry web hello)" "CONTAINER_TAG=web/${id:0:12}"
    contains "$(entry web hello)" "SYSLOG_IDENTIFIER=web/${id:0:12}"
}

@test "logs prints each stream to its own, right after the end" {
    logged web 'echo one; echo two >&2; printf "a\tb  c"; echo; printf unfinished'
    equals "$(ctl logs web 2>/dev/null)" $'one\na\tb  c\nunfinished'
    equals "$(ctl logs web 2>&1 >/dev/null)" two
}

@test "the mark of a log's end is nothing that journalctl shows" {
    logged web 'echo one'
    equals "$(ctl logs web)" one
    equals "$(journalctl --quiet --output cat "CONTAINER_NAME=web" "CONTAINER_ID_FULL=$(ctl inspect -f '{{.Id}}' web)")" one
}

@test "--tail counts lines; --since and --until choose by time; --timestamps shows it" {
    # shellcheck disable=SC2016
    logged web 'i=1; while [ $i -le 20 ]; do echo line $i; i=$((i+1)); done; sleep 2; printf "pa"; sleep 0.2; printf "rt"; sleep 0.2; echo s; echo last'
    equals "$(ctl logs web | wc -l)" 22
    equals "$(ctl logs --tail 3 web)" $'line 20\nparts\nlast'
    equals "$(ctl logs --tail 0 web)" ""
    equals "$(ctl logs --tail 100 web | head -1)" "line 1"
    run ctl logs --timestamps --tail 2 web
    echo "$output"
    [[ ${lines[0]} =~ ^20[0-9-]+T[0-9:.]+Z\ parts$ ]]
    middle=${lines[0]%% *}
    equals "$(ctl logs --since "$middle" web)" $'parts\nlast'
    equals "$(ctl logs --until "$middle" web | tail -n 1 | cut -c1-2)" pa
    equals "$(ctl logs --since 1h --tail 1 web)" last
    equals "$(ctl logs --until 1h web)" ""
}

@test "a long line, binary bytes and nothing at all are as they were printed" {
    logged long 'head -c 30000 /dev/zero | tr "\0" x; echo; printf "\001\377end\n"; echo; echo after'
    equals "$(ctl logs long | head -1 | tr -d '\n' | wc -c)" 30000
    equals "$(ctl logs long | tail -n +2 | od -An -tx1 | tr -d ' \n')" 01ff656e640a0a61667465720a
    logged empty true
    equals "$(ctl logs empty)" ""
    ctl create --name never --log-driver journald localhost/busybox true
    equals "$(ctl logs never)" ""
}

@test "--follow shows what comes, ends with the container and misses nothing" {
    # shellcheck disable=SC2016
    ctl run -d --name web --log-driver journald localhost/busybox sh -c \
        'echo first; while [ ! -e /go ]; do sleep 0.1; done; i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done; echo last'
    ctl logs --follow web >"$BATS_TEST_TMPDIR/followed" 3>&- 4>&- &
    follower=$!
    eventually grep -qx first "$BATS_TEST_TMPDIR/followed"
    ctl exec web touch /go
    wait "$follower"
    equals "$(wc -l <"$BATS_TEST_TMPDIR/followed")" 502
    equals "$(tail -n 1 "$BATS_TEST_TMPDIR/followed")" last
}

@test "a follower that is ended takes its reader along" {
    ctl run -d --name web --log-driver journald localhost/busybox sh -c 'echo first; exec sleep 4321'
    ctl logs --follow web >"$BATS_TEST_TMPDIR/followed" 3>&- 4>&- &
    follower=$!
    eventually grep -qx first "$BATS_TEST_TMPDIR/followed"
    kill -KILL "$follower"
    no_reader() { ! pgrep -f '^[^ ]*ctl-journal '; }
    eventually no_reader
}

@test "logs of several containers, journal and files, are in the order of time" {
    ctl run -d --name a --log-driver journald localhost/busybox sh -c 'echo a1; sleep 2; echo a2'
    ctl run -d --name b localhost/busybox sh -c 'sleep 1; echo b1; sleep 2; echo b2'
    ctl wait a b
    equals "$(ctl logs --names a b)" $'a a1\nb b1\na a2\nb b2'
    equals "$(ctl logs --follow --names a b)" $'a a1\nb b1\na a2\nb b2'
}

@test "runs of a container follow each other, and another container of the same name is not mixed in" {
    logged web 'echo old'
    ctl rm web
    logged web 'echo new'
    ctl start --attach web
    equals "$(ctl logs web)" $'new\nnew'
}

@test "the log of a restarted container goes on" {
    ctl run --name web --log-driver journald --restart on-failure:2 localhost/busybox sh -c 'echo run; exit 1' >/dev/null || true
    equals "$(ctl logs web)" $'run\nrun\nrun'
}
