# push: what is sent, what is not sent twice, which digest comes out; against docker-registry, and one that breaks off.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
}

plain() {
    mkdir -p reg
    registry_start "$T/reg"
}

OCI=application/vnd.oci.image.manifest.v1+json
DOCKER=application/vnd.docker.distribution.manifest.v2+json

# manifest REPO:TAG, and its digest.
manifest() { curl -fsS -H "Accept: $OCI" -H "Accept: $DOCKER" "http://$registry/v2/${1%:*}/manifests/${1##*:}"; }
digest() { manifest "$1" | sha256sum | sed 's/ .*//; s/^/sha256:/'; }

# Rounds of a file's bytes that the registry got by upload.
uploads() { find "$T/reg/store" -path '*/_layers/*' -name link | wc -l; }

@test "an image made here is compressed with gzip, pulled again it has the same id" {
    plain
    load_image busybox
    run_ctl push "$IMG" "$registry/test/bb:1"
    equals "$status" 0
    equals "$output" ""
    contains "$stderr" "pushed $registry/test/bb:1 with the new digest $(digest test/bb:1)"
    contains "$(manifest test/bb:1 | jq -r '.layers[].mediaType')" gzip
    id=$(ctl images -q --no-trunc)
    ctl rmi -f "$IMG" >/dev/null
    ctl system prune --force >/dev/null
    equals "sha256:$(ctl pull --quiet "$registry/test/bb:1")" "$id"
}

@test "a second push sends nothing, and one to another repository mounts" {
    plain
    load_image busybox
    ctl push --quiet "$IMG" "$registry/test/bb:1"
    first=$(digest test/bb:1)
    run_ctl push "$IMG" "$registry/test/bb:2"
    equals "$status" 0
    contains "$stderr" "already here"
    lacks "$stderr" ": done"
    equals "$(digest test/bb:2)" "$first"
    run_ctl push "$IMG" "$registry/other/bb:1"
    lacks "$stderr" ": done"
    equals "$(digest other/bb:1)" "$first"
}

@test "an image that was pushed, removed and loaded again is known to be there" {
    plain
    load_image busybox
    ctl push --quiet "$IMG" "$registry/test/bb:1"
    first=$(digest test/bb:1)
    ctl rmi --all --force >/dev/null
    equals "$(find "$XDG_DATA_HOME"/ctl/layers -name fs)" ""
    load_image busybox
    run_ctl push "$IMG" "$registry/test/bb:2"
    contains "$stderr" "already here"
    lacks "$stderr" ": done"
    equals "$(digest test/bb:2)" "$first"
    equals "$(ctl system check)" ""
}

@test "a pulled image keeps its digest where the registry has its layers, also in another repository" {
    plain
    registry_push "$(fixture busybox)/layout" test/img:1
    ctl pull --quiet "$registry/test/img:1"
    original=$(digest test/img:1)
    run_ctl push --digestfile d "$registry/test/img:1" "$registry/else/where:7"
    equals "$status" 0
    lacks "$stderr" "new digest"
    equals "$(digest else/where:7)" "$original"
    equals "$(cat d)" "$original"
}

@test "a pulled image with plain layers keeps its digest in a registry that has nothing of it" {
    plain
    python3 "$BATS_TEST_DIRNAME/../fixtures/mkimg.py" build <(echo '{"tag": "1", "layers": [{"compression": "none", "entries": [{"path": "f", "content": "x"}]}]}') layout
    registry_push layout test/img:1
    ctl pull --quiet "$registry/test/img:1"
    original=$(digest test/img:1)
    registry_stop
    mkdir reg2 && registry_start "$T/reg2"
    ctl push --quiet "$(ctl images -q)" "$registry/a/b:1"
    equals "$(digest a/b:1)" "$original"
}

@test "a pulled image keeps its digest in another registry while the one it came from has its layers" {
    plain
    load_image busybox
    ctl push --compression-level 9 "$IMG" "$registry/test/bb:1" # not as a push would pack it
    ctl rmi "$IMG"
    ctl pull "$registry/test/bb:1"
    local first=$registry first_pid=$registry_pid before
    before=$(digest test/bb:1)
    mkdir other third
    registry_start "$T/other"
    run_ctl push "$first/test/bb:1" "$registry/a/bb:1"
    equals "$status" 0
    lacks "$stderr" "new digest"
    equals "$(digest a/bb:1)" "$before"
    kill "$first_pid" # of the two that have it one is enough
    local second_pid=$registry_pid
    registry_start "$T/third"
    ctl push "$first/test/bb:1" "$registry/b/bb:1"
    equals "$(digest b/bb:1)" "$before"
    kill "$second_pid"
}

@test "a pulled image whose compressed layers nobody has gets a new digest, which is told" {
    plain
    registry_push "$(fixture busybox)/layout" test/img:1
    ctl pull --quiet "$registry/test/img:1"
    registry_stop
    mkdir reg2 && registry_start "$T/reg2"
    run_ctl push "$(ctl images -q)" "$registry/a/b:1"
    equals "$status" 0
    contains "$stderr" "new digest $(digest a/b:1)"
}

@test "--compression-format zstd, --format v2s2 and oci" {
    plain
    load_image busybox
    ctl push --quiet --compression-format zstd --format oci "$IMG" "$registry/z:1"
    equals "$(manifest z:1 | jq -r '.layers[0].mediaType')" application/vnd.oci.image.layer.v1.tar+zstd
    ctl push --quiet --format v2s2 "$IMG" "$registry/d:1"
    equals "$(manifest d:1 | jq -r '.mediaType, .config.mediaType, .layers[0].mediaType' | tr '\n' ' ')" \
        "$DOCKER application/vnd.docker.container.image.v1+json application/vnd.docker.image.rootfs.diff.tar.gzip "
    ctl push --quiet --format oci --compression-level 9 "$IMG" "$registry/o:1"
    equals "$(manifest o:1 | jq -r .mediaType)" "$OCI"
    fails_with 125 "no zstd" push --quiet --format v2s2 --compression-format zstd "$IMG" "$registry/d:2"
    fails_with 125 "not supported yet" push --quiet --compression-format zstd:chunked "$IMG" "$registry/d:2"
    fails_with 125 "gzip has 1 to 9" push --quiet --compression-level 11 "$IMG" "$registry/d:2"
    ctl pull --quiet "$registry/o:1"
    fails_with 125 "gzip has 1 to 9" push --quiet --compression-level 11 "$registry/o:1" "$registry/o:2" # though its blobs are there
    ctl push --quiet --force-compression --compression-level 1 "$registry/o:1" "$registry/o:3"
    [ "$(manifest o:3 | jq -r '.layers[0].digest')" != "$(manifest o:1 | jq -r '.layers[0].digest')" ]
}

@test "a login and a certificate are needed and used" {
    mkdir -p reg
    registry_start "$T/reg" auth tls
    load_image busybox
    fails_with 125 certificate push --quiet --creds tester:s3cret "$IMG" "$registry/x:1"
    mkdir certs && cp reg/ca.crt certs/
    fails_with 125 "ctl login $registry" push --quiet --cert-dir certs "$IMG" "$registry/x:1"
    ctl push --quiet --cert-dir certs --creds tester:s3cret "$IMG" "$registry/x:1"
    ctl pull --quiet --cert-dir certs --creds tester:s3cret "$registry/x:1"
}

@test "names: none of its own, a local one, a digest, an image that is not there" {
    plain
    load_image busybox
    fails_with 125 "say where to push it to" push --quiet "$IMG"
    fails_with 125 "a digest cannot be pushed to" push --quiet "$IMG" "$registry/x@sha256:$(printf 0%.0s {1..64})"
    fails_with 125 "no image with name" push --quiet nothing "$registry/x"
    ctl tag "$IMG" "$registry/own/name:3"
    ctl push --quiet "$registry/own/name:3"
    manifest own/name:3 >/dev/null
    ctl push --quiet "$IMG" "docker://$registry/own/name:4"
    manifest own/name:4 >/dev/null
}

@test "a layer of a container that was committed is pushed, the others are mounted" {
    need overlay
    plain
    registry_push "$(fixture busybox)/layout" test/img:1
    ctl run --name c --quiet "$registry/test/img:1" sh -c 'echo new >/file'
    ctl commit --quiet c "$registry/test/new:1" >/dev/null
    run_ctl push "$registry/test/new:1"
    equals "$status" 0
    equals "$(grep -c 'already here' <<<"$stderr")" 1
    ctl rm c >/dev/null
    ctl rmi -af >/dev/null
    ctl system prune --force >/dev/null
    equals "$(ctl run --rm --quiet "$registry/test/new:1" cat /file)" new
}

@test "an upload that breaks off goes on where it stopped, or from the start where the registry forgot it" {
    local way
    load_image busybox
    for way in resume forget; do
        python3 "$BATS_TEST_DIRNAME/upreg.py" "$T" $way >up.log 2>&1 </dev/null 3>&- 4>&- &
        registry_pid=$!
        eventually test -e up-port
        registry=127.0.0.1:$(cat up-port)
        ctl push --quiet --retry-delay 10ms "$IMG" "$registry/x:1"
        cat up-requests
        [ $way = resume ] && contains "$(cat up-requests)" "PATCH" || lacks "$(cat up-requests)" "PATCH"
        registry_stop
        rm up-port up-requests
        rm -f "$XDG_DATA_HOME"/ctl/layers/*/blobs.json
    done
}

@test "two pushes at once, and a push that is killed leaves nothing in the store" {
    plain
    load_image busybox
    ctl push --quiet "$IMG" "$registry/a:1" &
    local first=$!
    ctl push --quiet "$IMG" "$registry/a:2"
    wait $first
    equals "$(digest a:1)" "$(digest a:2)"
    "$CTL" push --quiet --compression-level 9 "$IMG" "$registry/b:1" &
    local killed=$!
    sleep 0.1
    kill -KILL $killed
    wait $killed || true
    equals "$(ls "$XDG_DATA_HOME/ctl/tmp")" ""
}
