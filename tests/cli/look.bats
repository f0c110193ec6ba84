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

@test "ps --format takes templates as Podman does" {
    ctl run -d --name on --label tier=web "$IMG" sleep 100 >/dev/null
    equals "$(ctl ps --format '{{if eq .State "running"}}{{.Names | upper}}{{end}}')" ON
    equals "$(ctl ps --format 'table {{.Names}}\t{{.State}}')" "$(printf 'NAMES  STATE\non     running')"
}

@test "a format that is wrong says where, and prints nothing" {
    ctl create --name c "$IMG" true >/dev/null
    fails_with 125 "there is no field .Nmaes (there is Names), at character 3" ps -a --format '{{.Nmaes}}'
    equals "$output" ""
    fails_with 125 "{{if}} without its {{end}}, at character 1" ps -a --format '{{if .Names}}x'
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
