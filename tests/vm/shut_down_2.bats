# After the machine was shut down in order: the monitors had the time to stop their containers and to write how they ended.
# vm: shut down
load helper

teardown_file() {
    remove_containers
    nothing_left
}

state() { ctl inspect -f "{{.State.$2}}" "$1"; }

@test "nginx ended as it does when stopped" {
    for name in web free; do
        equals "$(state "$name" Status)" exited
        equals "$(state "$name" ExitCode)" 0
    done
}

@test "what ignores the request was killed, and that is on record" {
    for name in deaf deaf-and-free; do
        equals "$(state "$name" Status)" exited
        equals "$(state "$name" ExitCode)" 137
        [ "$(state "$name" FinishedAt)" != "$(state "$name" StartedAt)" ] # what a lost container has
    done
}

@test "they can be started again" {
    ctl start web free deaf deaf-and-free
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
}
