# save: archives and directories that load, skopeo and Docker understand.
load helper
setup() {
    ctl_setup
    need userns
    load_image busybox
    ID=$(ctl images -q --no-trunc)
}

forget() {
    ctl rmi -af >/dev/null
    ctl system prune --force >/dev/null
}

@test "a docker-archive, to standard output and to a file, is loaded as the same image" {
    ctl save "$IMG" >a.tar
    ctl save -o b.tar "$IMG"
    cmp a.tar b.tar
    equals "$(tar xOf a.tar manifest.json | jq -r '.[0].RepoTags[0]')" "$IMG"
    forget
    equals "$(ctl load --quiet -i a.tar)" "Loaded image: $IMG"
    equals "$(ctl images -q --no-trunc)" "$ID"
}

@test "an OCI archive has compressed layers, or with --uncompressed plain ones, and is loaded as the same image" {
    ctl save --format oci-archive -o o.tar "$IMG"
    ctl save --format oci-archive --uncompressed -o u.tar "$IMG"
    [ "$(stat -c %s o.tar)" -lt "$(stat -c %s u.tar)" ]
    forget
    ctl load --quiet -i o.tar >/dev/null
    equals "$(ctl images -q --no-trunc)" "$ID"
    equals "$(ctl images --format '{{.Repository}}:{{.Tag}}')" "$IMG"
    forget
    ctl load --quiet -i u.tar >/dev/null
    equals "$(ctl images -q --no-trunc)" "$ID"
}

@test "directories: an OCI layout, and docker-dir" {
    ctl save --format oci-dir -o layout "$IMG"
    ctl save --format oci-dir -o layout "$IMG"
    equals "$(jq '.manifests | length' layout/index.json)" 1
    ctl save --format docker-dir --compress -o dir "$IMG"
    [ -e "dir/$(jq -r '.config.digest' dir/manifest.json | cut -d: -f2)" ]
    contains "$(cat dir/version)" "1.1"
    for digest in $(jq -r '.layers[].digest' dir/manifest.json); do
        equals "$(sha256sum <"dir/${digest#*:}" | cut -d' ' -f1)" "${digest#*:}"
    done
    forget
    ctl load --quiet -i layout >/dev/null
    equals "$(ctl images -q --no-trunc)" "$ID"
}

@test "further names, several images, an image without a name" {
    ctl save -o two.tar "$IMG" other:2
    equals "$(tar xOf two.tar manifest.json | jq -r '.[0].RepoTags | join(" ")')" "$IMG localhost/other:2"
    ctl tag "$IMG" third
    ctl save -m -o m.tar "$IMG" third
    equals "$(tar xOf m.tar manifest.json | jq length)" 2
    ctl save -o i.tar "${ID#sha256:}"
    equals "$(tar xOf i.tar manifest.json | jq -c '.[0].RepoTags')" "[]"
}

@test "push to files: oci:, dir:, archives" {
    ctl push --quiet "$IMG" "oci:$T/l:name"
    equals "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' l/index.json)" name
    ctl push --quiet "$IMG" "dir:$T/d"
    [ -e d/manifest.json ]
    ctl push --quiet "$IMG" "docker-archive:$T/a.tar:example.com/x:1"
    equals "$(tar xOf a.tar manifest.json | jq -r '.[0].RepoTags[0]')" example.com/x:1
    ctl push --quiet "$IMG" "oci-archive:$T/o.tar"
    forget
    ctl load --quiet -i o.tar >/dev/null
    equals "$(ctl images -q --no-trunc)" "$ID"
}

@test "images put into one layout at the same time are all in its index" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do
        ctl push --quiet "$IMG" "oci:$T/l:n$i" 3>&- 4>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    equals "$(jq '.manifests | length' l/index.json)" 8
}

@test "what cannot be saved is said, and no half archive stays" {
    fails_with 125 "no image with name" save -o x.tar nothing
    [ ! -e x.tar ]
    fails_with 125 "is not one of" save --format squashfs "$IMG"
    fails_with 125 "say with --output" save --format oci-dir "$IMG"
    fails_with 125 "for the format docker-dir" save --compress -o x.tar "$IMG"
}

@test "a file that is there stays as it is until the new archive is complete" {
    echo mine >mine.tar
    chmod 600 mine.tar
    fails_with 125 "no image with name" save -o mine.tar nothing
    equals "$(cat mine.tar)" mine
    mkdir "$XDG_DATA_HOME/ctl/gone"
    mv "$XDG_DATA_HOME"/ctl/layers/* "$XDG_DATA_HOME/ctl/gone"
    for way in "save -o mine.tar $IMG" "push $IMG oci-archive:$T/mine.tar" "push $IMG docker-archive:$T/new.tar"; do
        # shellcheck disable=SC2086 # words
        fails_with 125 "is missing" $way
        equals "$(cat mine.tar)" mine
    done
    mv "$XDG_DATA_HOME"/ctl/gone/* "$XDG_DATA_HOME/ctl/layers"
    equals "$(find "$T" -maxdepth 1 -name '*.tar*')" "$T/mine.tar"
    ctl save -q -o mine.tar "$IMG"
    equals "$(stat -c %a mine.tar)" 600
    tar tf mine.tar >/dev/null
    equals "$(ctl save -q -o /dev/stdout "$IMG" | sha256sum)" "$(sha256sum <mine.tar)"
    ln -s mine.tar link.tar
    ctl push -q "$IMG" "docker-archive:$T/link.tar"
    [ -L link.tar ]
}

@test "a destination of a kind that is not there is not taken for a name at docker.io" {
    fails_with 125 "containers-storage: is no registry" push "$IMG" containers-storage:x
    fails_with 125 "docker-daemon: is no registry" push "$IMG" docker-daemon:x:1
}

@test "pull and run take files and directories, too, by the name there or the one that is asked for" {
    ctl tag "$IMG" second
    ctl save --format oci-dir -o layout "$IMG"
    ctl save --format docker-dir -o dir "$IMG"
    ctl save -o a.tar "$IMG"
    ctl save -m -o two.tar "$IMG" second
    ctl push "$IMG" oci:named:x >/dev/null 2>&1
    local place
    for place in oci:layout dir:dir docker-archive:a.tar "docker-archive:two.tar:$IMG" oci:named:x; do
        forget
        equals "sha256:$(ctl pull -q "$place")" "$ID"
        equals "$(ctl run --rm "$place" echo it runs)" "it runs"
        case $place in
        dir:*) equals "$(ctl images -n --format '{{.Repository}}')" "<none>" ;;
        oci:named:x) equals "$(ctl images -n --format '{{.Repository}}:{{.Tag}}')" localhost/x:latest ;;
        *) equals "$(ctl images -n --format '{{.Repository}}:{{.Tag}}')" "$IMG" ;;
        esac
    done
    fails_with 125 "has no image with the name other" pull docker-archive:a.tar:other
    fails_with 125 "it has 2 images: say which" pull docker-archive:two.tar
    fails_with 125 "it is not oci: but dir:" pull oci:dir
    fails_with 125 "--pull=never forbids" run --pull never oci:named:x true
    fails_with 125 "docker-daemon: is no registry" pull docker-daemon:x:1
    forget
    ctl tag "$(ctl load -qi a.tar | cut -d' ' -f3)" dir:x # a name is a name where it can be one
    equals "$(ctl run --rm --pull never dir:x echo it runs)" "it runs"
}
