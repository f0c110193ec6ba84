# events: what happens to containers, as it is written down.
load helper
setup() { setup_busybox; }

# The status of each event of a container, one a line.
statuses() { ctl events --stream=false --filter container="$1" --format '{{.Status}}'; }

@test "the life of a container" {
    ctl run --name c --label colour=red "$IMG" sh -c 'exit 3' || true
    ctl rm c
    equals "$(statuses c | grep -v attach | tr '\n' ' ')" "create init start died cleanup remove "
    equals "$(statuses c | grep -c attach)" 1 # somewhere among them: it is another process that writes it
    run_ctl events --stream=false --filter event=died
    contains "$output" "container died "
    contains "$output" "(image=$IMG, name=c, colour=red, "
    equals "$(ctl events --stream=false --filter event=died --format '{{.ContainerExitCode}}')" 3
}

@test "every command leaves its event" {
    ctl run -d --name c "$IMG" sleep 1000
    ctl exec c true
    ctl pause c
    ctl unpause c
    ctl rename c d
    ctl kill -s USR2 d || true
    ctl restart -t 0 d
    ctl stop -t 0 d
    ctl run --rm --name e "$IMG" true
    local status seen
    seen=$(ctl events --stream=false --format '{{.Status}} {{.Name}}')
    for status in "create c" "start c" "exec c" "exec_died c" "pause c" "unpause c" "rename d" "kill d" "stop d" "restart d" \
        "died d" "cleanup d" "remove e"; do
        contains "$seen" "$status"
    done
}

@test "images and volumes have events too" {
    ctl tag "$IMG" other
    ctl rmi other
    ctl volume create v
    ctl volume rm v
    ctl create --name c -v named:/n -v /anonymous "$IMG" true
    ctl rm -v c
    ctl volume prune -f --filter all=1 >/dev/null || ctl volume prune -f >/dev/null
    local seen
    seen=$(ctl events --stream=false --filter type=image --format '{{.Status}} {{.Name}}')
    contains "$seen" "loadfromarchive $IMG"
    contains "$seen" "tag localhost/other:latest"
    contains "$seen" "untag localhost/other:latest"
    seen=$(ctl events --stream=false --filter type=volume --format '{{.Status}} {{.Name}}')
    contains "$seen" "create v"
    contains "$seen" "remove v"
    contains "$seen" "create named"
    equals "$(grep -c ^create <<<"$seen")" 3
    contains "$seen" "prune named"
    equals "$(ctl events --stream=false --filter volume=named --format '{{.Status}}' | xargs)" "create remove prune"
}

@test "removing, committing and mounting leave their events" {
    ctl create --name c "$IMG" true
    local id
    id=$(ctl commit -q c made)
    ctl unshare sh -c '"$0" mount c >/dev/null && "$0" umount c' "$CTL"
    ctl rmi made
    equals "$(ctl events --stream=false --filter container=c --format '{{.Status}}' | xargs)" "create commit mount unmount"
    equals "$(ctl events --stream=false --filter image="$id" --format '{{.Status}}' | xargs)" "untag remove"
}

@test "exec -d leaves an exec_died with its exit code" {
    ctl run -d --name c "$IMG" sleep 1000
    ctl exec -d c sh -c 'exit 7' >/dev/null
    eventually bash -c '"$CTL" events --stream=false --filter event=exec_died --format "{{.ContainerExitCode}}" | grep -qx 7'
}

@test "without --since only what is to come; it follows until it is ended" {
    ctl create --name before "$IMG" true
    "$CTL" events --format '{{.Name}}' >out &
    local reader=$!
    # It has begun as soon as it shows one of these.
    seen_any() { ctl create "$IMG" true && [ -s out ]; }
    eventually seen_any
    ctl create --name after "$IMG" true
    eventually grep -qx after out
    kill $reader
    wait $reader || true
    lacks "$(cat out)" before
}

@test "--until ends it" {
    ctl create --name c "$IMG" true
    equals "$(ctl events --since 1h --until 0s --filter event=create --format '{{.Name}}')" c
    equals "$(ctl events --since 0s --stream=false)" ""
}

@test "json has Podman's names" {
    ctl create --name c --label a=b "$IMG" true
    ctl events --stream=false --filter event=create --format json | python3 -c '
import json, sys
event = json.loads(sys.stdin.readline())
assert event["Type"] == "container" and event["Status"] == "create" and event["Name"] == "c", event
assert event["Attributes"]["a"] == "b" and len(event["ID"]) == 64, event
assert event["timeNano"] // 10**9 == event["time"], event'
}

@test "an unknown filter is refused" {
    fails_with 125 colour events --filter colour=red
}

@test "a log that cannot be written disturbs nobody" {
    ctl run --name first "$IMG" true
    chmod 000 "$XDG_DATA_HOME/ctl/events"
    ctl run --rm "$IMG" true
    chmod 700 "$XDG_DATA_HOME/ctl/events"
    equals "$(statuses first | head -1)" create
}
