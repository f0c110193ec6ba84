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
