# Output and input in large amounts: complete, unchanged, with the right exit code, whoever is slow.
load helper
setup() {
    setup_busybox
    head -c 3000000 /dev/urandom >bytes
}

@test "binary data passes through run -i, from and to pipes and files" {
    cat bytes | ctl run --rm -i "$IMG" cat | cmp - bytes
    ctl run --rm -i "$IMG" cat <bytes >copy
    cmp copy bytes
    cat bytes | ctl run --rm -i --log-driver none "$IMG" cat | cmp - bytes
    ctl run --rm -i --log-driver none "$IMG" cat <bytes >copy
    cmp copy bytes
}

@test "what goes to a pipe is in the log, too" {
    ctl run --name l -i "$IMG" cat <bytes | cmp - bytes
    ctl logs l | cmp - bytes
}

@test "standard error is passed on as standard output is" {
    ctl run --rm -i "$IMG" sh -c 'cat >&2' <bytes 2>&1 >/dev/null | cmp - bytes
}

@test "a file that is appended to keeps what it has" {
    echo before >out
    ctl run --rm "$IMG" echo appended >>out
    ctl run --rm --log-driver none "$IMG" echo more >>out
    echo after >>out
    equals "$(cat out)" $'before\nappended\nmore\nafter'
}

@test "a slow reader gets everything, and the exit code is right" {
    local statuses
    ctl run --rm "$IMG" sh -c 'seq 200000; exit 9' | { sleep 0.5; cat; } >out
    statuses=("${PIPESTATUS[@]}")
    seq 200000 | cmp - out
    equals "${statuses[0]}" 9
}

@test "four writers at once lose nothing, and the exit code is right" {
    run -3 sh -c '"$1" run --rm "$2" sh -c "for i in 1 2 3 4; do yes \$i | head -n 50000 & done; wait; exit 3" >out' sh "$CTL" "$IMG"
    local i
    for i in 1 2 3 4; do equals "$(tr -cd "$i" <out | wc -c)" 50000; done # their lines may be mixed, as in any pipe
    equals "$(wc -c <out)" 400000
}

@test "a reader that goes away ends run, and the container goes on" {
    local statuses
    ctl run --name left "$IMG" sh -c 'yes & sleep 1000' | head -n 1 >out
    statuses=("${PIPESTATUS[@]}")
    equals "$(cat out)" y
    equals "${statuses[0]}" 141
    is_running left
}

@test "the end of the input is passed on, and what comes after it" {
    equals "$(printf 'a\nb\n' | ctl run --rm -i "$IMG" sh -c 'wc -l; echo done')" $'2\ndone'
}

@test "a container that reads nothing does not stop run" {
    run -4 sh -c 'yes | "$1" run --rm -i "$2" sh -c "exec <&-; echo on; exit 4"' sh "$CTL" "$IMG"
    equals "$output" on
}

@test "rm --force is not held up by a stopped reader" {
    mkfifo pipe
    ctl run --rm --name flood "$IMG" yes >pipe &
    local client=$!
    exec 8<pipe # read by nobody
    eventually is_running flood
    ctl rm -f flood
    equals "$(ctl ps -aq)" ""
    kill -KILL $client
    exec 8<&-
}

@test "a full disk is said" {
    [ -w /dev/full ] || skip "no /dev/full"
    run sh -c '"$1" run --rm "$2" echo lost 2>&1 >/dev/full' sh "$CTL" "$IMG"
    equals "$status" 125
    contains "$output" "No space left on device"
}
