# The OCI runtime as an ordinary user: scopes of her systemd.
load helper
load oci_bundle

setup() {
    D=$(mktemp -d)
    make_bundle "$D" --rootless
}
teardown() {
    for id in $(ctl oci list -q); do ctl oci delete --force "$id"; done
    rm -rf "$D"
    nothing_left
}

@test "systemd: limits hold in a scope of the user's, and go with the container" {
    runs "$D" "sleep 1000"
    limits "$D" app.slice:ctl:three '{"memory": {"limit": 52428800}, "pids": {"limit": 20}}'
    ctl oci --systemd-cgroup run -d -b "$D" three
    systemctl --user is-active ctl-three.scope
    cgroup=/sys/fs/cgroup$(systemctl --user show -P ControlGroup ctl-three.scope)/container
    equals "$(cat "$cgroup/memory.max") $(cat "$cgroup/pids.max")" "52428800 20"
    ctl oci pause three
    contains "$(ctl oci state three)" '"status": "paused"'
    ctl oci resume three
    ctl oci update --memory 62914560 three
    equals "$(cat "$cgroup/memory.max")" 62914560
    ctl oci delete -f three
    eventually no_scope_left
}
