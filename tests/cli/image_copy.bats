# image copy: between registries, directories, archives and the store; what is kept, what is converted, what is not sent.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    mkdir reg && registry_start "$T/reg"
}

OCI=application/vnd.oci.image.manifest.v1+json
INDEX=application/vnd.oci.image.index.v1+json
DOCKER=application/vnd.docker.distribution.manifest.v2+json

LIST=application/vnd.docker.distribution.manifest.list.v2+json

manifest() { curl -fsS -H "Accept: $LIST" -H "Accept: $OCI" -H "Accept: $INDEX" -H "Accept: $DOCKER" "http://$registry/v2/${1%:*}/manifests/${1##*:}"; }
digest() { manifest "$1" | sha256sum | sed 's/ .*//; s/^/sha256:/'; }
copy() { ctl image copy --quiet "$@"; }

# image NAME ARCH CONTENT: an OCI layout of one small image.
image() {
    python3 "$BATS_TEST_DIRNAME/../fixtures/mkimg.py" build \
        <(echo "{\"tag\": \"1\", \"architecture\": \"$2\", \"layers\": [{\"compression\": \"${4:-gzip}\", \"entries\": [{\"path\": \"f\", \"content\": \"$3\"}]}]}") "$1"
}

# two_platforms REPO:TAG: an index of amd64 and arm64 in the registry.
two_platforms() {
    image one amd64 intel
    image two arm64 arm
    registry_push one tmp/one:1
    registry_push two tmp/two:1
    ctl manifest create list "$registry/tmp/one:1" "$registry/tmp/two:1" >/dev/null
    ctl manifest push --all list "$registry/$1" >/dev/null
    ctl manifest rm list >/dev/null
}

# Whether there is anything of an image in our store.
store_is_empty() { [ -z "$(find "$XDG_DATA_HOME/ctl/blobs" "$XDG_DATA_HOME/ctl/layers" "$XDG_DATA_HOME/ctl/tmp" "$XDG_DATA_HOME/ctl/images" -type f)" ]; }

@test "every place to every other, with the same digest, and nothing is kept here" {
    image layout amd64 x none # plain layers, for docker-archive
    registry_push layout a/img:1
    original=$(digest a/img:1)
    copy "docker://$registry/a/img:1" oci:o:name
    copy oci:o:name dir:d
    copy dir:d oci-archive:a.tar:other
    copy oci-archive:a.tar docker://"$registry"/b/img:1
    equals "$(digest b/img:1)" "$original"
    equals "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' o/index.json)" name
    equals "$(sha256sum d/manifest.json | cut -d' ' -f1)" "${original#sha256:}"
    copy dir:d docker-archive:d.tar:team/app:2
    equals "$(tar -xOf d.tar manifest.json | jq -r '.[0].RepoTags[0]')" docker.io/team/app:2
    copy docker-archive:d.tar:team/app:2 "docker://$registry/c/img:1"
    copy docker-archive:d.tar oci:o:again
    equals "$(jq -r '.manifests | length' o/index.json)" 2
    store_is_empty
}

@test "what is there is not sent, and what another repository has is mounted" {
    image layout amd64 x
    registry_push layout a/img:1
    run_ctl image copy "docker://$registry/a/img:1" "docker://$registry/b/img:1"
    equals "$status" 0
    contains "$stderr" "already here"
    lacks "$stderr" ": done"
    equals "$(digest b/img:1)" "$(digest a/img:1)"
    copy "docker://$registry/a/img:1" oci:o:1
    run_ctl image copy "docker://$registry/b/img:1" oci:o:2
    contains "$stderr" "already here"
    contains "$stderr" "copied to oci:o:2 with digest $(digest a/img:1)"
}

@test "--all copies every platform and the index; without it one is chosen" {
    two_platforms list/img:1
    copy --all --preserve-digests "docker://$registry/list/img:1" dir:d
    equals "$(sha256sum d/manifest.json | cut -d' ' -f1)" "$(digest list/img:1 | cut -d: -f2)"
    equals "$(ls d/*.manifest.json | wc -l)" 2
    registry_stop
    mkdir reg2 && registry_start "$T/reg2"
    copy --multi-arch all dir:d "docker://$registry/all/img:1"
    equals "$(sha256sum d/manifest.json | cut -d' ' -f1)" "$(digest all/img:1 | cut -d: -f2)"
    copy --all "docker://$registry/all/img:1" oci:o:1
    equals "$(jq -r '.manifests[0].mediaType' o/index.json)" "$INDEX"
    copy --platform linux/arm64 oci:o:1 "docker://$registry/arm/img:1"
    equals "$(manifest arm/img:1 | jq -r .mediaType)" "$OCI"
    equals "$(ctl pull --quiet --platform linux/arm64 "$registry/arm/img:1" | wc -l)" 1
    fails_with 125 "leave --all out" image copy --quiet --all oci:o:1 docker-archive:x.tar
    [ ! -e x.tar ]
    fails_with 125 "no image for platform linux/s390x" image copy --quiet --platform linux/s390x oci:o:1 dir:x
}

@test "formats and compressions are converted where asked for, whole indexes too" {
    two_platforms list/img:1
    copy --all --format v2s2 "docker://$registry/list/img:1" "docker://$registry/docker/img:1"
    equals "$(manifest docker/img:1 | jq -r '.mediaType, .manifests[].mediaType' | sort -u | tr '\n' ' ')" \
        "$LIST $DOCKER "
    copy --dest-compress-format zstd "docker://$registry/list/img:1" "docker://$registry/z/img:1"
    equals "$(manifest z/img:1 | jq -r '.layers[0].mediaType')" application/vnd.oci.image.layer.v1.tar+zstd
    copy --dest-decompress "docker://$registry/list/img:1" dir:d
    equals "$(jq -r '.layers[0].mediaType' d/manifest.json)" application/vnd.oci.image.layer.v1.tar
    tar -tf "d/$(jq -r '.layers[0].digest' d/manifest.json | cut -d: -f2)" >/dev/null
    copy --dest-compress dir:d dir:e
    contains "$(jq -r '.layers[0].mediaType' e/manifest.json)" gzip
    equals "$(ctl pull --quiet "$registry/z/img:1")" "$(ctl pull --quiet "$registry/list/img:1")" # the same content
    fails_with 125 "no zstd" image copy --quiet --format v2s2 --dest-compress-format zstd "docker://$registry/list/img:1" dir:f
    fails_with 125 "needs --dest-compress-format" image copy --dest-compress-level 9 "docker://$registry/list/img:1" dir:f
    fails_with 125 "Docker's format only" image copy --quiet --format oci "docker://$registry/list/img:1" docker-archive:f
    fails_with 125 "for destinations that begin with dir:" image copy --dest-compress "docker://$registry/list/img:1" oci:f
}

@test "in an OCI layout everything is in OCI's format" {
    image layout amd64 x
    registry_push layout a/img:1
    copy --format v2s2 "docker://$registry/a/img:1" dir:docker
    run_ctl image copy dir:docker oci:o:1
    equals "$status" 0
    contains "$stderr" "with the new digest $(digest a/img:1)" # as it was before it became Docker's
    ctl load --quiet -i docker >/dev/null
    ctl push --quiet "$(ctl images -q)" oci-archive:a.tar
    equals "$(tar -xOf a.tar index.json | jq -r '.manifests[0].mediaType')" "$OCI"
    fails_with 125 "room for OCI's format only" image copy --quiet --format v2s2 dir:docker oci:o:2
}

@test "--preserve-digests refuses what would change one" {
    image layout amd64 x
    registry_push layout a/img:1
    fails_with 125 "cannot be kept" image copy --quiet --preserve-digests --format v2s2 "docker://$registry/a/img:1" dir:d
    fails_with 125 "cannot be kept" image copy --quiet --preserve-digests "docker://$registry/a/img:1" docker-archive:a.tar
    [ ! -e a.tar ]
    [ ! -e d/manifest.json ]
}

@test "the store is a place too: a plain name, or containers-storage:" {
    need overlay
    load_image busybox
    copy busybox "docker://$registry/s/img:1"
    copy "docker://$registry/s/img:1" containers-storage:there:2
    equals "$(ctl images -q --no-trunc localhost/there:2)" "$(ctl images -q --no-trunc "$IMG")"
    copy "containers-storage:$IMG" oci-archive:a.tar:x
    copy oci-archive:a.tar:x back
    copy back dir:d
    copy dir:d fromdir
    copy back again:1
    copy back docker-archive:two.tar:one:1 --additional-tag two:2
    copy docker-archive:two.tar:two:2 second
    for name in back fromdir again:1 second; do
        equals "$(ctl images -q --no-trunc "$name")" "$(ctl images -q --no-trunc "$IMG")"
    done
    equals "$(ctl run --rm fromdir echo ran)" ran
    fails_with 125 "the store keeps layers unpacked" image copy --format oci dir:d x
    fails_with 125 "images of one platform" image copy --all dir:d x
    fails_with 125 "is no place of an image" image copy "http://x" y
}

@test "each side has a login and certificates of its own, and files of the other kind are refused" {
    image layout amd64 x
    registry_push layout a/img:1
    open=$registry open_pid=$registry_pid
    mkdir reg2 && registry_start "$T/reg2" auth tls
    mkdir certs && cp reg2/ca.crt certs/
    fails_with 125 certificate image copy --quiet "docker://$open/a/img:1" "docker://$registry/a/img:1"
    fails_with 125 "ctl login" image copy --quiet --dest-cert-dir certs "docker://$open/a/img:1" "docker://$registry/a/img:1"
    copy --dest-cert-dir certs --dest-creds tester:s3cret "docker://$open/a/img:1" "docker://$registry/a/img:1"
    copy --src-tls-verify=false --src-username tester --src-password s3cret "docker://$registry/a/img:1" "docker://$open/b/img:1"
    fails_with 125 "ctl login" image copy --quiet --src-tls-verify=false "docker://$registry/a/img:1" dir:d
    echo s3cret | ctl login --cert-dir certs --username tester --password-stdin "$registry"
    copy --src-cert-dir certs "docker://$registry/a/img:1" oci:o:1
    fails_with 125 "ctl login" image copy --quiet --src-cert-dir certs --src-no-creds "docker://$registry/a/img:1" oci:o:1
    fails_with 125 "it is not dir: but oci:" image copy --quiet dir:o dir:p
    fails_with 125 "is a directory" image copy --quiet oci-archive:o dir:p
    kill "$open_pid"
}

@test "a source that lies about a blob leaves nothing that counts" {
    image layout amd64 x
    blob=layout/blobs/sha256/$(jq -r .layers[0].digest "layout/blobs/sha256/$(jq -r .manifests[0].digest layout/index.json | cut -d: -f2)" | cut -d: -f2)
    printf 'X' | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
    for place in oci:o:1 dir:d oci-archive:a.tar "docker://$registry/x/img:1"; do
        run_ctl image copy --quiet oci:layout "$place"
        equals "$status" 125
    done
    [ ! -e o/index.json ]
    [ ! -e d/manifest.json ]
    [ ! -e a.tar ]
    equals "$(find o d -type f ! -name oci-layout ! -name version)" ""
    run ! manifest x/img:1
}

@test "the policy is asked for the source" {
    image layout amd64 x
    echo '{"default": [{"type": "insecureAcceptAnything"}], "transports": {"oci": {"'"$T"'": [{"type": "reject"}]}}}' >policy.json
    fails_with 125 "the scope $T of the transport oci: reject" image copy --quiet --signature-policy policy.json oci:layout dir:d
    fails_with 125 "the scope $T of the transport oci: reject" image copy --quiet --signature-policy policy.json oci:layout x
    copy oci:layout dir:d
}

@test "artifacts are moved as they are" {
    mkdir art
    python3 - <<'END'
import hashlib, json, os
os.makedirs("art/blobs/sha256")
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("art/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
config = {"mediaType": "application/vnd.oci.empty.v1+json", **blob(b"{}")}
layer = {"mediaType": "text/plain", **blob(b"some words")}
manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "text/x", "config": config, "layers": [layer]}
entry = {"mediaType": manifest["mediaType"], **blob(json.dumps(manifest).encode())}
json.dump({"schemaVersion": 2, "manifests": [entry]}, open("art/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open("art/oci-layout", "w"))
END
    copy oci:art "docker://$registry/art/x:1"
    equals "$(digest art/x:1)" "$(jq -r '.manifests[0].digest' art/index.json)"
    copy "docker://$registry/art/x:1" oci:back
    equals "$(jq -r '.manifests[0].digest' back/index.json)" "$(jq -r '.manifests[0].digest' art/index.json)"
    fails_with 125 "is an artifact" image copy --quiet --format v2s2 oci:art dir:d
    fails_with 125 "is an artifact" image copy --quiet oci:art docker-archive:a.tar
}

@test "image inspect --remote: skopeo's document, the manifest, the configuration; no layer is fetched" {
    two_platforms list/img:1
    image one amd64 other
    registry_push one list/img:2
    run_ctl image inspect --remote "docker://$registry/list/img:1"
    equals "$status" 0
    equals "$(jq -r '.Name, .Digest, .Architecture, (.RepoTags | sort | join(" "))' <<<"$output")" "$registry/list/img
$(digest list/img:1)
amd64
1 2"
    equals "$(ctl image inspect --remote --platform linux/arm64 -n --format '{{.Architecture}} {{len .RepoTags}}' "$registry/list/img:1")" "arm64 0"
    equals "sha256:$(ctl image inspect --remote --raw "$registry/list/img:1" | sha256sum | cut -d' ' -f1)" "$(digest list/img:1)"
    equals "$(ctl image inspect --remote --config --arch arm64 "$registry/list/img:1" | jq -r .architecture)" arm64
    copy "docker://$registry/list/img:2" oci-archive:a.tar:x
    equals "$(ctl image inspect --remote --format '{{.Digest}}' oci-archive:a.tar:x)" "$(digest list/img:2)"
    store_is_empty
    fails_with 125 "manifest unknown" image inspect --remote "$registry/list/img:9"
    fails_with 125 "--raw is for --remote" image inspect --raw x
    fails_with 125 "leave --remote out" image inspect --remote containers-storage:x
}

# add_blob LAYOUT FILE: the file as a blob of the layout; prints its descriptor, with MEMBERS added.
add_blob() {
    local digest
    digest=$(sha256sum "$2" | cut -d' ' -f1)
    cp "$2" "$1/blobs/sha256/$digest"
    jq -cn --arg type "$3" --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$2")" --argjson more "${4:-{\}}" \
        '{mediaType: $type, digest: $digest, size: $size} + $more'
}

# names LAYOUT DESCRIPTOR NAME: index.json with this entry alone.
names() { jq -cn --argjson entry "$2" --arg name "$3" '{schemaVersion: 2, manifests: [$entry + {annotations: {"org.opencontainers.image.ref.name": $name}}]}' >"$1/index.json"; }

# nested LAYOUT DEPTH: indexes within each other, down to one with an image for arm64 and, beside it, an index with one for amd64.
nested() {
    local entry inner
    image "$1" amd64 intel
    image other arm64 arm
    cp -n other/blobs/sha256/* "$1/blobs/sha256/"
    jq -c '{schemaVersion: 2, mediaType: "'$INDEX'", manifests: [.manifests[0] | del(.annotations) + {platform: {os: "linux", architecture: "amd64"}}]}' "$1/index.json" >inner.json
    inner=$(add_blob "$1" inner.json "$INDEX")
    jq -c --argjson inner "$inner" '{schemaVersion: 2, mediaType: "'$INDEX'", manifests: [(.manifests[0] | del(.annotations) + {platform: {os: "linux", architecture: "arm64"}}), $inner]}' other/index.json >outer.json
    entry=$(add_blob "$1" outer.json "$INDEX")
    for _ in $(seq "$2"); do
        jq -cn --argjson entry "$entry" '{schemaVersion: 2, mediaType: "'$INDEX'", manifests: [$entry]}' >outer.json
        entry=$(add_blob "$1" outer.json "$INDEX")
    done
    names "$1" "$entry" name
}

@test "indexes within indexes are copied with all that is in them, and looked through for a platform" {
    nested layout 0
    root=$(jq -r '.manifests[0].digest' layout/index.json)
    copy --all --preserve-digests oci:layout:name "docker://$registry/nested:1"
    equals "$(digest nested:1)" "$root"
    has_inner nested
    for place in dir:d oci-archive:a.tar:x oci:o:x; do
        copy --all "docker://$registry/nested:1" "$place"
        copy --all "$place" "docker://$registry/back:${place%%:*}"
        equals "$(digest "back:${place%%:*}")" "$root"
    done
    for architecture in arm64 amd64; do
        copy --platform "linux/$architecture" "docker://$registry/nested:1" "oci:$architecture:x"
        equals "$(ctl image inspect --remote --format '{{.Architecture}}' "oci:$architecture:x")" "$architecture"
        equals "$(ctl image inspect --remote -n --platform "linux/$architecture" --format '{{.Architecture}}' "$registry/nested:1")" "$architecture"
        id=$(ctl pull --quiet --platform "linux/$architecture" "$registry/nested:1")
        equals "$(ctl inspect --format '{{.Architecture}}' "$id")" "$architecture"
    done
    fails_with 125 "no image for platform linux/riscv64" pull --quiet --platform linux/riscv64 "$registry/nested:1"
    ctl manifest create list >/dev/null
    ctl manifest add --arch amd64 list "docker://$registry/nested:1" >/dev/null
    ctl manifest add --all list "docker://$registry/nested:1" >/dev/null
    equals "$(ctl manifest inspect list | jq -c '[.manifests[].mediaType | split(".")[3]]')" '["manifest","manifest","index"]'
    ctl manifest push --quiet list "$registry/list:1" >/dev/null
    has_inner list
}
has_inner() { curl -fsS -o /dev/null -H "Accept: $INDEX" "http://$registry/v2/$1/manifests/$(digest_of_file inner.json)"; }
digest_of_file() { sha256sum "$1" | sed 's/ .*//; s/^/sha256:/'; }

@test "indexes within indexes have an end" {
    nested deep 3
    fails_with 125 "indexes within each other" image copy --quiet --all oci:deep:name dir:d
    fails_with 125 "indexes within each other" image copy --quiet --platform linux/amd64 oci:deep:name dir:d
}

@test "what refers to another manifest is put into the list of its referrers, where the registry keeps none" {
    image layout amd64 x
    registry_push layout a/img:1
    subject=$(jq -c '.manifests[0] | del(.annotations)' layout/index.json)
    echo '{"spdx": 1}' >sbom.json
    for type in text/one text/two; do
        config=$(printf '{}' >empty; add_blob layout empty application/vnd.oci.empty.v1+json)
        layer=$(add_blob layout sbom.json application/spdx+json)
        jq -cn --argjson config "$config" --argjson layer "$layer" --argjson subject "$subject" --arg type $type \
            '{schemaVersion: 2, mediaType: "'$OCI'", artifactType: $type, config: $config, layers: [$layer], subject: $subject, annotations: {a: "b"}}' >referrer.json
        names layout "$(add_blob layout referrer.json "$OCI")" $type
        copy "oci:layout:$type" "docker://$registry/a/img:sbom-${type#text/}"
        copy "oci:layout:$type" "docker://$registry/a/img:again" # once in the list
    done
    equals "$(ctl image referrers --format '{{.ArtifactType}}' "$registry/a/img:1")" "text/one
text/two"
    equals "$(manifest "a/img:sha256-$(jq -r '.digest | split(":")[1]' <<<"$subject")" | jq -c '.manifests[1]')" \
        "$(jq -cn --arg digest "$(digest_of_file referrer.json)" --argjson size "$(stat -c %s referrer.json)" \
            '{annotations: {a: "b"}, artifactType: "text/two", digest: $digest, mediaType: "'$OCI'", size: $size}')"
    ctl artifact pull --quiet "$registry/a/img:sbom-one" >/dev/null
    ctl artifact push --quiet "$registry/a/img:sbom-one" "$registry/b/img:x"
    equals "$(ctl image referrers --format '{{.ArtifactType}}' "$registry/b/img@$(jq -r .digest <<<"$subject")")" text/one
}
