# After a power cut, without anything having been told.
# vm: power cut
load helper

teardown_file() {
    remove_containers
    nothing_left
}

@test "what ran is exited, and so is what had ended" {
    equals "$(ctl ps --quiet)" ""
    equals "$(ctl inspect -f '{{.State.Status}}' web)" exited
    equals "$(ctl inspect -f '{{.State.Status}}' over)" exited
}

@test "it can be started again, with its limit and its port" {
    ctl start web
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
    equals "$(cat "$(cgroup_of web)/cpu.max")" "50000 100000"
}
