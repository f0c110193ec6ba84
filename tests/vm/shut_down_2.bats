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

@test "transient containers are gone with their names and anonymous volumes; what stays is whole" {
    run grep fleeting <(ctl ps --all)
    equals "$status" 1
    run ctl start fleeting
    equals "$status" 125
    contains "$output" 'no container with name or id "fleeting"'
    ctl create --name fleeting localhost/busybox true # clears up, and the name is free
    ctl rm fleeting
    equals "$(ctl volume ls --quiet)" kept
    equals "$(cat "$(ctl volume inspect -f '{{.Mountpoint}}' kept)/file")" said
    equals "$(ctl system check)" ""
    ctl volume rm kept
}

@test "they can be started again" {
    ctl start web free deaf deaf-and-free
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
}
