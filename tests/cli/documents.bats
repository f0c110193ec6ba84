# The documents of inspect, info, version, images and ps: Podman's fields, with what is true of ctl.
load helper
setup() { setup_busybox; }

# has_fields DOCUMENT ARGS...: what ctl prints has Podman's fields and types, as podman_fields.txt lists them.
has_fields() {
    local document=$1
    shift
    ctl "$@" | "$BATS_TEST_DIRNAME/podman_fields.py" "$document"
}

# A container with a bit of everything.
make_rich() {
    mkdir -p "$T/bind"
    ctl run -d --name on --label tier=web -v vol:/data -v "$T/bind:/bind:ro" --tmpfs /t --cap-add NET_ADMIN --cap-drop KILL \
        "$@" "$IMG" sleep 100 >/dev/null
}

@test "inspect of a container has Podman's fields and types" {
    make_rich
    has_fields container inspect --size on
}

@test "inspect of an image has Podman's fields and types" { has_fields image inspect "$IMG"; }
@test "images --format json has Podman's fields and types" { has_fields images images --format json; }
@test "info --format json has Podman's fields and types" { has_fields info info --format json; }
@test "version --format json has Podman's fields and types" { has_fields version version --format json; }

@test "ps --format json has Podman's fields and types, whatever the state" {
    make_rich
    ctl run --name off "$IMG" false || true
    ctl create --name new "$IMG" true >/dev/null
    has_fields ps ps --all --ns --format json
}

@test "inspect tells the capabilities that were added and dropped" {
    make_rich
    equals "$(ctl inspect -f '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}' on)" "[CAP_NET_ADMIN] [CAP_KILL]"
    ctl create --name plain "$IMG" true >/dev/null
    equals "$(ctl inspect -f '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}' plain)" "[] []"
}

@test "inspect tells mounts apart: binds, volumes, tmpfs" {
    make_rich
    equals "$(ctl inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}} {{.Driver}},{{end}}' on)" \
        "volume /data true local,bind /bind false ,"
    equals "$(ctl inspect -f '{{json (index .Mounts 1).Options}} {{(index .Mounts 1).Propagation}}' on)" '["rbind"] rprivate'
    equals "$(ctl inspect -f '{{index .HostConfig.Binds 0}}' on)" "vol:/data:rw,rbind,rprivate"
    contains "$(ctl inspect -f '{{index .HostConfig.Tmpfs "/t"}}' on)" rw
}

@test "inspect tells the ports, the umask, the sizes of shm and the limits of the process" {
    local port
    port=$(free_port)
    ctl create --name c -p "127.0.0.1:$port:80" "$IMG" true >/dev/null
    equals "$(ctl inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' c)" "$port"
    equals "$(ctl inspect -f '{{range $p, $b := .HostConfig.PortBindings}}{{$p}}={{(index $b 0).HostIp}}{{end}}' c)" "80/tcp=127.0.0.1"
    equals "$(ctl inspect -f '{{json .Config.ExposedPorts}} {{.Config.Umask}} {{.HostConfig.ShmSize}}' c)" '{"80/tcp":{}} 0022 67108864'
    equals "$(ctl inspect -f '{{(index .HostConfig.Ulimits 0).Name}}' c)" RLIMIT_NOFILE
}

@test "inspect --size tells what a container takes, and only then" {
    ctl run --name c "$IMG" sh -c 'echo hello >/f'
    equals "$(ctl inspect --size -f '{{.SizeRw}}' c)" 6
    [ "$(ctl inspect --size -f '{{.SizeRootFs}}' c)" -gt 6 ]
    equals "$(ctl inspect c | jq 'map(has("SizeRw")) | .[0]')" false
}

@test "inspect --latest means the youngest container" {
    ctl create --name a "$IMG" true >/dev/null
    ctl create --name b "$IMG" true >/dev/null
    equals "$(ctl inspect --latest -f '{{.Name}}')" b
    fails_with 125 "exclude each other" inspect --latest a
    fails_with 125 "missing argument NAME" inspect
}

@test "inspect: labels that are not there, health that is not there, fields that are not there" {
    make_rich
    equals "$(ctl inspect -f '{{.Config.Labels.none}} [{{index .Config.Labels "none"}}] {{index .Config.Labels "tier"}}' on)" "<no value> [] web"
    equals "$(ctl inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' on)" none
    fails_with 125 "there is no field .State.Pidd (there is Pid)" inspect -f '{{.State.Pidd}}' on
}

@test "inspect of several shows what was found and tells what was not" {
    ctl create --name a "$IMG" true >/dev/null
    run_ctl inspect -f '{{.Name}}' a nobody
    equals "$status" 125
    equals "$output" a
    contains "$stderr" nobody
}

@test "info and version take templates as Podman's" {
    equals "$(ctl info -f '{{.Host.OS}}/{{.Host.Arch}}')" "$(ctl version -f '{{.Client.OsArch}}')"
    equals "$(ctl info -f '{{.Store.GraphRoot}}')" "$XDG_DATA_HOME/ctl"
    equals "$(ctl version -f '{{.Client.Version}}')" "$(ctl version -f '{{.Server.Version}}')"
    equals "$(ctl info -f '{{.Store.ImageStore.Number}} {{.Store.ContainerStore.Number}}')" "1 0"
}

@test "images: fields for people, json for programs" {
    local id
    id=$(ctl inspect -t image -f '{{.Id}}' "$IMG")
    equals "$(ctl images --format '{{.ID}} {{.Id}} {{.Repository}} {{.Tag}} {{.Containers}}')" "${id:0:12} $id localhost/busybox latest 0"
    equals "$(ctl images --format 'table {{.ID}}' | head -1)" "IMAGE ID"
    equals "$(ctl images --format json | jq -r '.[0].Id')" "$id"
}

@test "generate spec prints the document that a container is made from" {
    make_rich
    equals "$(ctl generate spec on | jq -c '.process.args, .ociVersion')" "$(printf '["sleep","100"]\n"1.2.0"')"
    equals "$(ctl generate spec -c on | wc -l)" 1
    ctl generate spec --filename spec.json on
    cmp spec.json <(ctl generate spec on)
    fails_with 125 'no container with name or id "nothing"' generate spec nothing
}
