# ps, inspect, version, info: looking, without changing anything.
load helper
setup() { setup_busybox; }

@test "ps shows running containers, ps -a all" {
    ctl run -d --name on "$IMG" sleep 100 >/dev/null
    ctl run --name off "$IMG" true
    run_ctl ps
    contains "$output" on
    lacks "$output" off
    contains "$output" "$IMG"
    contains "$output" "Up"
    run_ctl ps -a
    contains "$output" off
    contains "$output" "Exited (0)"
}

@test "ps -q prints ids only" {
    ctl run -d --name on "$IMG" sleep 100 >/dev/null
    equals "$(ctl ps -q)" "$(ctl inspect --format '{{.Id}}' on | cut -c1-12)"
    equals "$(ctl ps -q --no-trunc)" "$(ctl inspect --format '{{.Id}}' on)"
}

@test "ps --format json is JSON with the names" {
    ctl run -d --name on "$IMG" sleep 100 >/dev/null
    equals "$(ctl ps --format json | jq -r '.[0].Names[0]')" on
}

@test "ps --format takes field paths" {
    ctl run -d --name on "$IMG" sleep 100 >/dev/null
    equals "$(ctl ps --format '{{.Names}}')" on
}

@test "a format of more than field paths is an error" {
    run_ctl ps --format '{{if .Names}}x{{end}}'
    equals "$status" 125
    contains "$stderr" format
}

@test "inspect prints a JSON list with the state" {
    ctl run -d --name on "$IMG" sleep 100 >/dev/null
    equals "$(ctl inspect on | jq -r '.[0].State.Status')" running
    equals "$(ctl inspect on | jq -r '.[0].Name')" on
    equals "$(ctl inspect on | jq -r '.[0].ImageName')" "$IMG"
}

@test "inspect -f {{.State.Pid}} is the pid of the first process" {
    ctl run -d --name on "$IMG" sleep 4711 >/dev/null
    run_ctl inspect -f '{{.State.Pid}}' on
    contains "$(tr '\0' ' ' <"/proc/$output/cmdline")" "sleep 4711"
}

@test "inspect shows labels and the command" {
    ctl create --name c --label tier=web "$IMG" echo hi >/dev/null
    equals "$(ctl inspect c | jq -r '.[0].Config.Labels.tier')" web
    equals "$(ctl inspect c | jq -c '.[0].Config.Cmd')" '["echo","hi"]'
}

@test "inspect of an image shows its configuration" {
    equals "$(ctl inspect --type image "$IMG" | jq -r '.[0].Config.Labels["org.example.fixture"]')" busybox
}

@test "inspect of a name that nobody has is an error" {
    fails_with 125 nobody inspect nobody
}

@test "looking works on a read-only data root" {
    ctl create --name c "$IMG" true >/dev/null
    chmod -R a-w "$XDG_DATA_HOME/ctl/containers"
    run_ctl ps -a
    chmod -R u+w "$XDG_DATA_HOME/ctl/containers"
    equals "$status" 0
    contains "$output" " c"
}

@test "version prints the version, info what the machine can do" {
    contains "$(ctl version)" "$(ctl --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')"
    ctl info >/dev/null
}
