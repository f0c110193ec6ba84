# After a power cut, without anything having been told.
# vm: power cut
load helper

teardown_file() {
    remove_containers
    nothing_left
}

@test "what ran is exited, and so is what had ended" {
    run ctl ps --quiet
    equals "$status:$output" 0:
    equals "$(ctl inspect -f '{{.State.Status}}' web)" exited
    equals "$(ctl inspect -f '{{.State.Status}}' over)" exited
}

@test "it can be started again, with its limit, its port and its files" {
    ctl start web
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
    equals "$(cat "$(cgroup_of web)/cpu.max")" "50000 100000"
    contains "$(ctl exec web cat /etc/hosts)" localhost
}

@test "what was started with --rm is gone since the first start" {
    contains "$(ctl ps --all)" web
    run grep gone <(ctl ps --all)
    equals "$status" 1
    ctl run --rm --name gone nginx true
}
