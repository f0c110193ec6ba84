# The store as a whole: system df, prune, check, reset.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"

setup() {
    setup_busybox
    store=$XDG_DATA_HOME/ctl
}

# "3 B" of a line and column of df.
df_field() { ctl system df --format "{{if eq .Type \"$1\"}}{{.$2}}{{end}}" | grep .; }

@test "df counts images, containers and volumes, and what is in use of them" {
    ctl run -d --name on --network none busybox sleep 100
    ctl run --network none -v kept:/data busybox true
    equals "$(df_field Images Total)/$(df_field Images Active)" 1/1
    equals "$(df_field Containers Total)/$(df_field Containers Active)" 2/1
    equals "$(df_field "Local Volumes" Total)" 1
    equals "$(df_field Images RawReclaimable)" 0
}

@test "df accounts for every byte below the data root" {
    ctl run --network none busybox sh -c 'dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null; chown 5:5 /big'
    local counted real
    counted=$(ctl system df --format '{{.RawSize}}' | awk '{ sum += $1 } END { print sum }')
    real=$(unshare --user --map-root-user --map-auto du -s -B1 "$store" | cut -f1)
    equals "$counted" "$real"
    [ "$(df_field Containers RawReclaimable)" -ge 3145728 ]
}

@test "df -v tells of each image, container and volume, and what images share" {
    ctl run --name big --network none -v kept:/data busybox dd if=/dev/zero of=/big bs=1M count=3
    ctl commit -q big second
    run_ctl system df --verbose
    equals "$(awk '$1 == "localhost/second" { print $NF }' <<<"$output")" 0
    equals "$(awk '$1 == "localhost/busybox" { print $NF }' <<<"$output")" 1
    # Size and shared size of the first are the same, and the second has 3 MB of its own.
    equals "$(grep -c -E '^localhost/busybox +latest +[0-9a-f]{12} .* ago +([0-9.]+ MB) +\1 +0 B +1$' <<<"$output")" 1
    contains "$(grep "^localhost/second" <<<"$output")" "3.1"
    equals "$(grep -c -E ' 1 +3[.][0-9]+ MB .* big$' <<<"$output")" 1
    equals "$(awk '$1 == "kept" { print $2 }' <<<"$output")" 1
    fails_with 125 "exclude each other" system df -v --format json
}

du_store() { unshare --user --map-root-user --map-auto du -s -B1 "$store" | cut -f1; }

@test "df says what the rest is, how much of it prune frees, and with -v all that du counts" {
    ctl run -d --name on --network none -v kept:/data busybox sh -c 'head -c 2500000 /dev/zero >/big; sleep 100'
    eventually ctl exec on test -s /big
    mkdir -p "$store/layers/.tmp-dead" "$store/containers/0123abcd" "$store/partial" "$store/trash"
    head -c 3000000 /dev/urandom >"$store/layers/.tmp-dead/spool"
    head -c 2000000 /dev/urandom >"$store/trash/removed"
    head -c 1000000 /dev/urandom >"$store/containers/0123abcd/log"
    head -c 1500000 /dev/urandom >"$store/partial/$(printf 'a%.0s' {1..64})"
    ctl system df -v | tr -s ' ' >df
    contains "$(cat df)" "Leftovers 6.0"
    contains "$(cat df)" "Unfinished downloads 1.51 MB 1.5 MB"
    contains "$(cat df)" "Events "
    contains "$(cat df)" "Records and temporary files "
    python3 - "$(du_store)" <<-'END'
		import re, sys
		total, tables, table = 0, {}, None
		number = lambda text: float(text.split()[0]) * {"B": 1, "kB": 1e3, "MB": 1e6}[text.split()[1]]
		for line in open("df"):
		    if "space usage:" in line: table = line.split(" space")[0]
		    sizes = re.findall(r"[\d.]+ (?:B|kB|MB)\b", line)
		    if line.startswith("Total: "): total = number(sizes[0])
		    elif sizes: tables[table] = tables.get(table, 0) + number(sizes[0])
		assert set(tables) == {"Images", "Containers", "Local Volumes", "Other"}, tables
		assert abs(sum(tables.values()) - total) < 0.01 * total, (tables, total)
		assert abs(total - int(sys.argv[1])) < 0.01 * total, (total, sys.argv[1])
	END
    local reclaimable before
    reclaimable=$(df_field Other RawReclaimable)
    before=$(du_store)
    ctl system prune --force --all # images and containers are all in use
    [ "$reclaimable" -gt 7500000 ]
    local freed=$((before - $(du_store) - reclaimable))
    [ "${freed#-}" -le 16384 ] # a directory or the events may have got another block
    equals "$(df_field Other RawReclaimable)" 0
}

@test "prune removes what does not run, with what it wrote, and keeps what does" {
    ctl run -d --name on --network none busybox sleep 100
    ctl run --name off --network none -v /anonymous busybox touch /file
    ctl create --name made --network none busybox true
    run_ctl system prune --force
    equals "$status" 0
    contains "$output" "Total reclaimed space"
    equals "$(ctl ps -a --format '{{.Names}}')" on
    equals "$(ls "$store/volumes" "$store/trash" | grep -c '[0-9a-f]\{64\}')" 0
    ctl exec on true
}

@test "prune asks, and takes no answer for a no" {
    ctl create --name made --network none busybox true
    run_ctl system prune </dev/null
    equals "$status" 0
    contains "$output" "Are you sure"
    ctl inspect made >/dev/null
}

@test "prune takes volumes only when asked, and none that is in use" {
    ctl run -d --name on --network none -v used:/data busybox sleep 100
    ctl run --rm --network none -v unused:/data busybox true
    ctl system prune --force
    [ -d "$store/volumes/unused" ]
    ctl system prune --force --volumes
    [ ! -d "$store/volumes/unused" ]
    [ -d "$store/volumes/used" ]
}

@test "prune --filter keeps what does not match, --external everything but leftovers" {
    ctl create --name plain --network none busybox true
    ctl create --name marked --label keep=yes --network none busybox true
    ctl volume create --label keep=yes marked
    ctl volume create plain
    fails_with 125 "known keys are until, label and label!" system prune --force --filter colour=red
    fails_with 125 "goes with none of" system prune --force --external --all
    ctl system prune --force --filter until=1h --all --volumes # nothing is that old
    equals "$(ctl ps -aq | wc -l) $(ctl volume ls -q | wc -l)" "2 2"
    mkdir "$store/layers/.tmp-gone"
    ctl system prune --force --external
    equals "$(ctl ps -aq | wc -l) $(ctl volume ls -q | wc -l)" "2 2"
    [ ! -e "$store/layers/.tmp-gone" ]
    ctl system prune --force --filter 'label!=keep' --all --volumes
    equals "$(ctl ps -a --format '{{.Names}}') $(ctl volume ls -q)" "marked marked"
    ctl image exists busybox # it is in use
    ctl rm marked
    ctl system prune --force --filter label=keep --all --volumes
    ctl image exists busybox # it has no such label
    equals "$(ctl volume ls -q)" ""
    ctl system prune --force --filter 'label!=keep' --all
    equals "$(ctl images -q)" ""
}

@test "prune --all takes images that no container uses" {
    ctl create --name made --network none busybox true
    ctl system prune --force --all # the container goes first
    equals "$(ctl images -q)" ""
    equals "$(ls "$store/layers")" ""
}

@test "prune keeps unfinished downloads for a day and says so, --all takes those that nobody holds" {
    local held=$store/partial/$(printf 'a%.0s' {1..64}) free=$store/partial/$(printf 'b%.0s' {1..64})
    mkdir -p "$store/partial"
    head -c 3000000 /dev/zero >"$held"
    head -c 2000000 /dev/zero >"$free"
    exec 7<"$held"
    flock 7
    run_ctl system prune --force
    contains "$output" "2 MB of unfinished downloads are kept for 24 hours (ctl system prune -a removes them)"
    [ -e "$free" ]
    ctl system prune --force --all --filter until=1h
    [ -e "$free" ]
    run_ctl system prune --force --all
    lacks "$output" "unfinished downloads are kept"
    [ -e "$held" ]
    [ ! -e "$free" ]
    exec 7<&-
    ctl system prune --force
    [ -e "$held" ]
    touch -d '25 hours ago' "$held"
    ctl system prune --force
    [ ! -e "$held" ]
}

@test "check finds nothing wrong with a healthy store" {
    ctl run --name off --network none -v kept:/data busybox true
    run_ctl system check
    equals "$status" 0
    equals "$output" ""
}

@test "what a killed process left half-made is a leftover, and prune takes it" {
    mkdir -p "$store/tmp/container-0123" "$store/containers/0123abcd" "$store/names"
    ln -s ../containers/0123abcd "$store/names/gone"
    run_ctl system check
    equals "$status" 0
    contains "$output" "leftover: container 0123abcd has no record"
    contains "$output" "leftover: name gone leads to no container"
    ctl system prune --force
    equals "$(ctl system check)" ""
    [ ! -e "$store/tmp/container-0123" ]
    [ ! -e "$store/containers/0123abcd" ]
    [ ! -L "$store/names/gone" ]
}

@test "a layer that is missing is damage, named with the way out" {
    ctl create --name made --network none busybox true
    remove_tree "$(echo "$store"/layers/*)"
    run_ctl system check
    equals "$status" 1
    contains "$output" "damage: container made, image localhost/busybox:latest: layer sha256:"
    contains "$output" "is missing: remove the image (ctl rmi -f) and load or build it again"
    run_ctl system check --repair
    equals "$status" 1
    contains "$output" "no image with it came from a registry"
}

@test "an index that fits the files but makes another archive is damage" {
    echo text >file
    tar --mtime=@1 -cf one.tar file
    tar --mtime=@2 -cf two.tar file
    ctl import --quiet one.tar localhost/one:1 >/dev/null
    ctl import --quiet two.tar localhost/two:1 >/dev/null
    equals "$(ctl system check)" ""
    layer() { echo "$XDG_DATA_HOME/ctl/layers/$(ctl image inspect --format '{{index .RootFS.Layers 0}}' "localhost/$1:1" | cut -d: -f2)"; }
    cp "$(layer two)/index" "$(layer one)/index"
    run_ctl system check
    equals "$status" 1
    contains "$output" "image localhost/one:1: layer sha256:"
    contains "$output" "index: the archive that is made by it has another digest"
    lacks "$output" "localhost/two:1"
}

# damage_layer NAME: other content in the image's file etc/group, which keeps its size.
damage_layer() {
    layer=$store/layers/$(ctl image inspect -f '{{index .RootFS.Layers 0}}' "$1" | cut -d: -f2)
    ctl unshare sh -c 'printf damage | dd of="$1/fs/etc/group" conv=notrunc bs=1 seek=10 status=none' - "$layer"
}

@test "check reads every byte of the layers, and --quick does not" {
    damage_layer busybox
    run_ctl system check
    equals "$status" 1
    contains "$output" "damage: image localhost/busybox:latest: layer sha256:"
    contains "$output" "is damaged: etc/group: other content: remove the image"
    equals "$(ctl system check --quick)" ""
}

@test "check sees what is missing from a layer, and other types, links and permissions" {
    layer=$store/layers/$(ls "$store/layers" | head -1)
    ctl unshare sh -c 'cd "$1/fs" && rm etc/group && chmod 600 etc/passwd && rm bin/sh && ln -s elsewhere bin/sh && rm bin/ls && mkdir bin/ls' - "$layer"
    run_ctl system check
    equals "$status" 1
    contains "$output" "bin/ls: another type of file; bin/sh: another target; etc/passwd: other permissions or owner; and 1 more"
    ctl unshare rm "$layer/fs/bin/sh"
    contains "$(ctl system check || true)" "bin/sh: missing"
}

@test "check knows hard links to symbolic links and to FIFOs, and when they lead elsewhere" {
    ctl run --name box --network none busybox sh -c 'cd /root && ln -s /etc/passwd s && ln s t && mkfifo f && ln f g && echo a >a && ln a b'
    ctl commit -q box linked
    equals "$(ctl system check)" ""
    local name
    name=$(cd "$store/layers" && echo */fs/root/t)
    ln -sf /etc/shadow "$store/layers/$name"
    run_ctl system check
    equals "$status" 1
    contains "$output" "damage: image localhost/linked:latest"
    contains "$output" "root/t: another target"
    rm "$store/layers/${name%t}g"
    touch "$store/layers/${name%t}g"
    run_ctl system check
    contains "$output" "root/g: another type of file"
}

@test "check --repair fetches a damaged layer again, and containers on it go on" {
    registry_start "$T/registry"
    registry_push "$(fixture busybox)/layout" busybox:1
    ctl rmi busybox
    ctl pull -q "$registry/busybox:1"
    ctl create --name made --network none "$registry/busybox:1" cat /etc/group
    sum=$(ctl start -a made | sha256sum)
    damage_layer "$registry/busybox:1"
    lacks "$(ctl start -a made | sha256sum)" "$sum"
    run_ctl system check
    contains "$output" "ctl system check --repair fetches it again"
    ctl run -d --name up --network none "$registry/busybox:1" sleep 1000
    run_ctl system check --repair
    equals "$status" 1
    contains "$output" "container up runs on it: stop it first"
    ctl rm -f -t 0 up
    run_ctl system check --repair
    equals "$status" 0
    contains "$output" "repaired: container made, image $registry/busybox:1: layer sha256:"
    contains "$output" "; fetched again from $registry/busybox@sha256:"
    equals "$(ctl start -a made | sha256sum)" "$sum"
    equals "$(ctl system check)" ""
    damage_layer "$registry/busybox:1"
    registry_stop
    run_ctl system check --repair
    equals "$status" 1
    contains "$output" "is damaged: etc/group: other content: pull $registry/busybox@sha256:"
    ctl start -a made >/dev/null # as well as it can
}

@test "check --force fetches again what it can, and stops what runs on it for that" {
    registry_start "$T/registry"
    registry_push "$(fixture busybox)/layout" busybox:1
    ctl rmi busybox
    ctl pull -q "$registry/busybox:1"
    ctl run -d --name up --network none "$registry/busybox:1" sleep 1000
    damage_layer "$registry/busybox:1"
    run_ctl system check --force
    equals "$status" 0
    contains "$output" "; stopped container up; fetched again from $registry/busybox@sha256:"
    equals "$(ctl ps -a --format '{{.Names}} {{.State}}')" "up exited"
    equals "$(ctl system check)" ""
}

@test "check --force removes what cannot be had again, with its containers, and keeps their volumes" {
    ctl run --name done --network none -v kept:/data -v /own busybox touch /data/x
    ctl run -d --name up --network none busybox sleep 1000
    tar -c --files-from /dev/null | ctl import --quiet - other >/dev/null
    ctl create --name mine --network none other /x
    damage_layer busybox
    run_ctl system check -f
    equals "$status" 0
    contains "$output" "is damaged: etc/group: other content: no image with it came from a registry"
    contains "$output" "; removed container "
    contains "$output" "; removed image "
    equals "$(ctl ps -a --format '{{.Names}}')" mine
    equals "$(ctl images --format '{{.Repository}}')" localhost/other
    equals "$(ctl volume ls -q | wc -l)" 2
    equals "$(ctl system check)" ""
    printf x >f
    ctl artifact add a f >/dev/null
    printf y | dd of="$(echo "$store"/artifacts/blobs/2d711642*)" conv=notrunc status=none
    run_ctl system check --force
    equals "$status" 0
    contains "$output" "repaired: artifact localhost/a:latest: blob sha256:2d711642"
    equals "$(ctl artifact ls --noheading)" ""
}

@test "check --max says nothing of younger layers that nothing uses" {
    ctl create --name made --network none busybox true
    ctl rm made
    rm -r "$store"/images/* "$store"/refs/*
    contains "$(ctl system check)" "1 layers that no image or container uses"
    lacks "$(ctl system check --max 24h)" "layers that no image"
    touch -d '2 days ago' "$store"/layers/*/meta.json
    contains "$(ctl system check -m 24h0m0s)" "1 layers that no image or container uses"
    fails_with 125 "--max" system check --max soon
}

@test "a record that cannot be read is damage, and does not hide the others" {
    local id
    ctl create --name good --network none busybox true
    id=$(ctl create --name bad --network none busybox true)
    echo '{"id": 5' >"$store/containers/$id/record.json"
    run_ctl system check
    equals "$status" 1
    contains "$output" "damage: container ${id:0:12} is damaged"
    [[ $output != *good* ]]
    run_ctl ps -a --format "{{.Names}}"
    equals "$output" good
    contains "$stderr" "container ${id:0:12} is damaged (ctl rm -f ${id:0:12} removes it)"
    fails_with 125 "is damaged" rm bad
    ctl system prune --force # passes it over
    ctl rm -f bad
    equals "$(ctl system check)" ""
}

@test "reset leaves an empty store that works" {
    ctl run -d --name on --network none -v kept:/data busybox sh -c 'touch /data/x; chown 7:7 /data/x; sleep 100'
    ctl system reset --force
    equals "$(find "$store" -mindepth 1)" ""
    setup_busybox
    ctl run --rm --network none busybox true
}

@test "--root and --runroot put everything elsewhere, and --root is not Podman's" {
    ctl --root "$T/elsewhere/store" --runroot "$T/run" load -q -i "$(fixture busybox)/docker.tar"
    ctl --root "$T/elsewhere/store" --runroot "$T/run" run -d --name c "$IMG" sleep 1000
    lacks "$(ctl ps -a)" "$IMG"
    cd "$T"
    equals "$(ctl --root elsewhere/store --runroot run ps --format '{{.Names}}')" c
    equals "$(CTL_ROOT="$T/elsewhere/store" CTL_RUNROOT="$T/run" ctl exec c echo hi)" hi
    equals "$(ctl --root elsewhere/store info -f '{{.Store.GraphRoot}}')" "$T/elsewhere/store"
    ctl --root elsewhere/store --runroot run rm -f -t 0 c
    ctl --root elsewhere/store --runroot run system reset -f
    mkdir -p podman/libpod
    fails_with 125 "Podman's store" --root podman ps
}
