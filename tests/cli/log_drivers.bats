# --log-driver and --log-opt: where the output goes, in which form, and how much of it is kept.
load helper
setup() { setup_busybox; }

log_of() { ctl inspect --format '{{.LogPath}}' "$1"; }

@test "logs --details prints the tag that the log has" {
    ctl run --name tagged --log-driver json-file --log-opt tag='{{.Name}}-x' "$IMG" sh -c 'echo one; echo two'
    equals "$(ctl logs --details tagged)" $'tag=tagged-x one\ntag=tagged-x two'
    equals "$(ctl logs tagged)" $'one\ntwo'
    ctl run --name plain "$IMG" echo one
    equals "$(ctl logs --details plain)" one
    [[ $(ctl logs -t --details tagged | head -n1) =~ ^[0-9T:.-]+Z\ tag=tagged-x\ one$ ]]
}

@test "json-file is written in Docker's format, and logs reads it" {
    ctl run --name l --log-driver json-file "$IMG" sh -c 'printf "a <b>\377\n"; echo err >&2; printf "no end"' >/dev/null 2>&1
    python3 - "$(log_of l)" <<'PY'
import json, sys
records = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert all(set(r) == {"log", "stream", "time"} for r in records), records
assert "".join(r["log"] for r in records if r["stream"] == "stdout") == "a <b>\ufffd\nno end", records
assert [r["log"] for r in records if r["stream"] == "stderr"] == ["err\n"], records
PY
    run_ctl logs l
    equals "$output" $'a <b>\xef\xbf\xbd\nno end'
    equals "$stderr" err
}

@test "max-size and max-file bound what a log takes" {
    ctl run --name l --log-opt max-size=10k --log-opt max-file=3 "$IMG" seq 20000 >/dev/null
    local log
    log=$(log_of l)
    equals "$(ls "$log"*)" "$log"$'\n'"$log.1"$'\n'"$log.2"
    [ "$(cat "$log"* | wc -c)" -le 30720 ]
    equals "$(ctl logs --tail 1 l)" 20000
    equals "$(ctl logs l)" "$(seq "$(ctl logs l | head -n 1)" 20000)" # no gap
    equals "$(ctl logs --tail 300 l | head -n 1)" 19701
}

@test "logs -f follows through rotations to the last line" {
    ctl run -d --name l --log-opt max-size=10k --log-opt max-file=50 "$IMG" \
        sh -c 'i=0; while [ ! -e /go ]; do sleep 0.05; done; seq 3000; seq 3000 >&2' >/dev/null
    ctl logs -f l >out 2>err &
    local follower=$!
    ctl exec l touch /go
    wait $follower
    seq 3000 | cmp - out
    seq 3000 | cmp - err
}

@test "none keeps nothing, and logs says so" {
    equals "$(ctl run --name l --log-driver none "$IMG" echo seen)" seen
    fails_with 125 "this container is using the 'none' log driver, cannot read logs: this container is not logging output" logs l
    [ ! -e "$XDG_DATA_HOME/ctl/containers/$(ctl inspect --format '{{.Id}}' l)/ctr.log" ]
}

@test "path puts the log where it is wanted" {
    mkdir sub
    ctl run --name l --log-opt path=sub/my.log "$IMG" echo here >/dev/null
    contains "$(cat sub/my.log)" "stdout F here"
    equals "$(ctl logs l)" here
}

@test "passthrough gives the container our own streams" {
    run --separate-stderr sh -c 'echo in | "$1" run --rm --log-driver passthrough "$2" sh -c "cat; echo err >&2; exit 4"' sh "$CTL" "$IMG"
    equals "$status" 4
    equals "$output" in
    equals "$stderr" err
}

@test "passthrough works without staying attached" {
    ctl run -d --name l --log-driver passthrough "$IMG" echo straight >out
    ctl wait l >/dev/null
    contains "$(cat out)" straight
    fails_with 125 "'passthrough' log driver" logs l
}

@test "passthrough refuses a terminal, passthrough-tty takes it" {
    run python3 "$BATS_TEST_DIRNAME/on_tty.py" -- "$CTL" run --rm --log-driver passthrough "$IMG" true
    equals "$status" 125
    contains "$output" "--log-driver=passthrough cannot be used on a terminal"
    run python3 "$BATS_TEST_DIRNAME/on_tty.py" -- "$CTL" run --rm --log-driver passthrough-tty "$IMG" sh -c 'test -t 0 && test -t 1 && exit 7'
    equals "$status" 7
}

@test "drivers and options that do not exist are errors that name them" {
    fails_with 125 "--log-driver=syslog: no such log driver" run --log-driver syslog "$IMG" true
    fails_with 125 "--log-opt colour" run --log-opt colour=red "$IMG" true
    fails_with 125 "max-size=much" run --log-opt max-size=much "$IMG" true
    fails_with 125 "--log-opt max-file: the log driver none has no use for it" run --log-driver none --log-opt max-file=2 "$IMG" true
    fails_with 125 "--tty and --log-driver=passthrough" run -t --log-driver passthrough "$IMG" true
    equals "$(ctl ps -aq)" ""
}

@test "journald without a journal is an error with a way out" {
    [ ! -S /run/systemd/journal/socket ] || skip "there is a journal on this machine"
    fails_with 125 "--log-driver=journald: connect to the journal" run --log-driver journald "$IMG" true
}
