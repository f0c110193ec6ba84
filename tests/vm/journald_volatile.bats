# A machine whose journal is in memory alone: users' records are in a file that they may not read.
# vm: volatile journal
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

teardown() {
    remove_containers
    nothing_left
}

@test "logs says that the journal cannot be read, and what an administrator can do" {
    ctl run --name web --log-driver journald localhost/busybox echo hello
    run ctl logs web
    echo "$output"
    equals "$status" 125
    equals "${#lines[@]}" 1
    contains "$output" "cannot read the journal: the journal has no file that this user may read"
    contains "$output" "/var/log/journal"
    contains "$output" "systemd-journal"
    run ctl logs --follow web
    equals "$status" 125
}

@test "the container itself prints as ever" {
    equals "$(ctl run --rm --log-driver journald localhost/busybox echo hello)" hello
}
