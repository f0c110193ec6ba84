# artifact: files made into one, listed, sent to a real registry, fetched, taken out again; and what the store does with them.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns
    store=$XDG_DATA_HOME/ctl
    printf 'hello\n' >hello.txt
    printf 'GGUF\3\0\0\0more' >model.gguf
}

OCI=application/vnd.oci.image.manifest.v1+json

with_registry() {
    need registry
    mkdir -p reg
    registry_start "$T/reg"
}

# manifest REPO:TAG, as the registry has it.
manifest() { curl -fsS -H "Accept: $OCI" "http://$registry/v2/${1%:*}/manifests/${1##*:}"; }
# A file's digest.
digest_of() { sha256sum "$1" | sed 's/ .*//; s/^/sha256:/'; }
blobs() { find "$store/artifacts/blobs" -type f | wc -l; }

@test "add makes an OCI manifest with types, titles and annotations, the same one each time" {
    run_ctl artifact add --annotation org.example.a=1 registry.example/team/a:1 hello.txt model.gguf
    equals "$status" 0
    equals "$stderr" ""
    first=$output
    equals "$(sha256sum "$store/artifacts/blobs/$first" | cut -d' ' -f1)" "$first"
    equals "$(ctl artifact inspect registry.example/team/a:1 | jq -r '.Name, .Digest, .TotalSizeBytes' | tr '\n' ' ')" \
        "registry.example/team/a:1 sha256:$first 18 "
    equals "$(ctl artifact inspect "$first" | jq -c '.Manifest | .schemaVersion, .mediaType, .artifactType, .config, .layers')" \
        '2
"application/vnd.oci.image.manifest.v1+json"
"application/vnd.unknown.artifact.v1"
{"data":"e30=","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","mediaType":"application/vnd.oci.empty.v1+json","size":2}
[{"annotations":{"org.example.a":"1","org.opencontainers.image.title":"hello.txt"},"digest":"'"$(digest_of hello.txt)"'","mediaType":"text/plain; charset=utf-8","size":6},{"annotations":{"org.example.a":"1","org.opencontainers.image.title":"model.gguf"},"digest":"'"$(digest_of model.gguf)"'","mediaType":"application/octet-stream","size":12}]'
    equals "$(ctl artifact add --annotation org.example.a=1 other hello.txt model.gguf)" "$first"
    ctl artifact add --type application/x.t --file-type text/x typed hello.txt
    equals "$(ctl artifact inspect --format '{{.Manifest.artifactType}} {{(index .Manifest.layers 0).mediaType}}' localhost/typed)" "application/x.t text/x"
}

@test "names that are taken, --append, --replace, and titles that would be two" {
    ctl artifact add a hello.txt
    fails_with 125 "is there already" artifact add a model.gguf
    ctl artifact add --append a model.gguf
    equals "$(ctl artifact inspect a | jq -r '.Manifest.layers[].annotations["org.opencontainers.image.title"]' | tr '\n' ' ')" "hello.txt model.gguf "
    fails_with 125 'two files would have the title "hello.txt"' artifact add -a a hello.txt
    fails_with 125 "exclude each other" artifact add --append --type text/x a hello.txt
    fails_with 125 "exclude each other" artifact add --append --replace a hello.txt
    fails_with 125 "no artifact with the name localhost/none:latest" artifact add --append none hello.txt
    ctl artifact add --replace --annotation org.opencontainers.image.title=other a hello.txt
    equals "$(ctl artifact inspect a | jq -r '.Manifest.layers[].annotations["org.opencontainers.image.title"]')" other
    fails_with 125 'two files would have the title "x"' artifact add --annotation org.opencontainers.image.title=x b hello.txt model.gguf
    fails_with 125 "is not NAME=VALUE" artifact add --annotation x b hello.txt
    fails_with 125 "is a directory" artifact add b .
    fails_with 125 "none.txt: No such file" artifact add b none.txt
    fails_with 125 "cannot be given a digest" artifact add "b@sha256:$(printf 0%.0s {1..64})" hello.txt
    equals "$(ctl artifact ls -n | wc -l)" 1
    ctl artifact add --append a <(echo from a pipe)
    equals "$(ctl artifact inspect a | jq '.Manifest.layers | length')" 2
}

@test "ls, its formats, names of either kind and starts of digests" {
    equals "$(ctl artifact ls)" "REPOSITORY  TAG  DIGEST  SIZE"
    digest=$(ctl artifact add registry.example/team/a:1 hello.txt)
    run_ctl artifact ls
    equals "$output" "REPOSITORY               TAG  DIGEST        SIZE
registry.example/team/a  1    ${digest:0:12}  6B"
    equals "$(ctl artifact list --noheading --no-trunc)" "registry.example/team/a  1  $digest  6B"
    equals "$(ctl artifact ls --format '{{.Repository}} {{.Tag}} {{.VirtualSize}} [{{.Created}}]')" "registry.example/team/a 1 6 []"
    for name in "${digest:0:5}" "sha256:$digest" "registry.example/team/a@sha256:$digest"; do
        equals "$(ctl artifact inspect --format '{{.Name}}' "$name")" registry.example/team/a:1
    done
    ctl artifact add other hello.txt
    fails_with 125 ambiguous artifact inspect "$digest"
    fails_with 1 "no artifact with the name or digest" artifact inspect none
    equals "$("$CTL" __complete artifacts | tr '\n' ' ')" "localhost/other:latest registry.example/team/a:1 "
}

@test "extract: into a directory, into a file, one of several, and no title leaves the directory" {
    ctl artifact add a hello.txt model.gguf
    mkdir out
    echo old >out/hello.txt
    ctl artifact extract a out
    cmp hello.txt out/hello.txt
    cmp model.gguf out/model.gguf
    fails_with 125 "it has 2 files" artifact extract a file
    ctl artifact extract --title model.gguf a file
    cmp model.gguf file
    ctl artifact extract --digest "$(digest_of hello.txt)" a out
    cmp hello.txt "out/sha256-$(sha256sum hello.txt | cut -d' ' -f1)"
    fails_with 125 "no file with the title none" artifact extract --title none a file
    fails_with 125 "exclude each other" artifact extract --title x --digest y a file
    ctl artifact add --annotation org.opencontainers.image.title=../evil evil hello.txt
    fails_with 125 "is no file's name" artifact extract evil out
    [ ! -e evil ]
    ctl artifact extract evil plain # a name of the user's own
    cmp hello.txt plain
}

@test "rm, --all, --ignore; prune frees what nobody needs, and nothing else" {
    first=$(ctl artifact add a hello.txt model.gguf)
    second=$(ctl artifact add b hello.txt)
    equals "$(ctl system check)" ""
    equals "$(blobs)" 5 # two manifests, two files, one config
    equals "$(ctl artifact rm a)" "$first"
    fails_with 1 "no artifact" artifact rm a
    ctl artifact rm --ignore a
    contains "$(ctl system check)" "2 blobs that no image or artifact uses"
    ctl system prune --force
    equals "$(blobs)" 3
    mkdir out && ctl artifact extract b out && cmp hello.txt out/hello.txt
    fails_with 125 "missing argument" artifact rm
    equals "$(ctl artifact remove --all)" "$second"
    ctl system prune --force
    equals "$(blobs)" 0
    equals "$(ctl artifact ls -n)" ""
}

@test "df accounts for every byte of them, -v by name" {
    head -c 3000000 /dev/urandom >big
    ctl artifact add a big hello.txt
    ctl artifact add b big
    [ "$(ctl system df --format '{{if eq .Type "Artifacts"}}{{.RawSize}}{{end}}' | grep .)" -ge 3000000 ]
    equals "$(ctl system df --format '{{if eq .Type "Artifacts"}}{{.Total}} {{.RawReclaimable}}{{end}}' | grep .)" "2 0"
    equals "$(ctl system df --format '{{.RawSize}}' | awk '{ sum += $1 } END { print sum }')" \
        "$(unshare --user --map-root-user --map-auto du -s -B1 "$store" | cut -f1)"
    contains "$(ctl system df -v | grep '^localhost/a:latest')" "8.19 kB"
}

@test "a killed add leaves nothing that a prune does not free" {
    mkfifo slow
    "$CTL" artifact add a hello.txt slow >/dev/null 2>&1 3>&- 4>&- &
    pid=$!
    exec 9>slow # add has opened it
    eventually test -e "$store/artifacts/blobs/$(sha256sum hello.txt | cut -d' ' -f1)"
    ctl system prune --force # it is leased
    equals "$(blobs)" 1
    kill -KILL "$pid"
    wait "$pid" || true
    exec 9>&-
    eventually eval '[ -z "$(pgrep -u "$(id -u)" -x ctl-image)" ]'
    ctl system prune --force
    equals "$(blobs)" 0
    equals "$(ls "$store/leases" "$store/tmp" | grep -v :)" ""
    equals "$(ctl system check)" ""
}

@test "pushed, pulled, and pushed elsewhere it is the same, byte by byte" {
    with_registry
    digest=$(ctl artifact add "$registry/team/a:1" hello.txt model.gguf)
    run_ctl artifact push --digestfile d "$registry/team/a:1"
    equals "$status" 0
    equals "$output" ""
    contains "$stderr" "pushed $registry/team/a:1 with digest sha256:$digest"
    equals "$(cat d)" "sha256:$digest"
    equals "$(manifest team/a:1 | sha256sum | cut -d' ' -f1)" "$digest"
    ctl artifact rm "$registry/team/a:1"
    ctl system prune --force
    equals "$(ctl artifact pull --quiet "$registry/team/a:1")" "$digest"
    mkdir out && ctl artifact extract "$registry/team/a:1" out
    cmp hello.txt out/hello.txt && cmp model.gguf out/model.gguf
    run_ctl artifact push "$registry/team/a:1" "$registry/else/b:2"
    equals "$status" 0
    contains "$stderr" "already here" # mounted from where it was pulled
    lacks "$stderr" ": done"
    equals "$(manifest else/b:2 | sha256sum | cut -d' ' -f1)" "$digest"
    equals "$(ctl artifact pull --quiet "docker://$registry/team/a@sha256:$digest")" "$digest"
    equals "$(ctl artifact ls -n --format '{{.Repository}}|{{.Tag}}')" "$registry/team/a|1
$registry/team/a|"
    run_ctl artifact pull "$registry/team/a:1"
    lacks "$stderr" ": done"
}

@test "what is refused: local names, other registries' words, signatures, policy" {
    with_registry
    ctl artifact add a hello.txt
    fails_with 125 "is a local name" artifact push --quiet a
    fails_with 125 "localhost/ is for artifacts made here" artifact pull --quiet localhost/a
    fails_with 125 "manifest unknown" artifact pull --quiet "$registry/none:1"
    fails_with 125 "not supported yet" artifact push --sign-by-sigstore f a "$registry/a:1"
    fails_with 125 "not supported yet" artifact pull --decryption-key k "$registry/a:1"
    ctl artifact push --quiet a "$registry/a:1"
    echo '{"default": [{"type": "reject"}]}' >policy.json
    fails_with 125 policy.json artifact pull --quiet --signature-policy "$T/policy.json" "$registry/a:1"
    equals "$(ctl artifact ls -n | wc -l)" 1
}

@test "an image is no artifact to run, but can be kept as one; an artifact is no image" {
    with_registry
    registry_push "$(fixture busybox)/layout" test/img:1
    digest=$(ctl artifact pull --quiet "$registry/test/img:1")
    equals "$(manifest test/img:1 | sha256sum | cut -d' ' -f1)" "$digest"
    equals "$(ctl images -q)" ""
    ctl artifact add "$registry/a:1" hello.txt
    ctl artifact push --quiet "$registry/a:1"
    fails_with 125 "not a container image but an artifact" pull --quiet "$registry/a:1"
}

@test "a login is used, and a download that broke off goes on where it stopped" {
    with_registry
    head -c 3000000 /dev/urandom >big
    digest=$(ctl artifact add "$registry/a:1" hello.txt big)
    ctl artifact push --quiet "$registry/a:1"
    registry_stop
    registry_start "$T/reg" auth
    ctl artifact rm --all
    ctl system prune --force
    fails_with 125 "ctl login $registry" artifact pull --quiet "$registry/a:1"
    hex=$(sha256sum big | cut -d' ' -f1)
    # What a killed pull leaves. Its bytes are not asked for again: the registry has others by now. Wrong ones cost a second attempt.
    blob=$(find reg/store -path "*$hex/data")
    for kept in right wrong; do
        cp big "$blob"
        [ $kept = wrong ] || printf xyz | dd of="$blob" conv=notrunc bs=1 seek=1000 status=none
        head -c 2000000 big >"$store/partial/$hex"
        [ $kept = right ] || printf x | dd of="$store/partial/$hex" conv=notrunc bs=1 seek=1000 status=none
        equals "$(ctl artifact pull --quiet --creds tester:s3cret "$registry/a:1")" "$digest"
        [ ! -e "$store/partial/$hex" ]
        equals "$(ctl system check)" ""
        ctl artifact rm --all
        ctl system prune --force
    done
}

@test "check finds a blob that is missing or another, and --repair fetches it again" {
    with_registry
    ctl artifact add "$registry/a:1" hello.txt
    ctl artifact push --quiet "$registry/a:1"
    ctl artifact add here model.gguf
    ctl artifact rm "$registry/a:1"
    ctl artifact pull --quiet "$registry/a:1"
    blob=$store/artifacts/blobs/$(sha256sum hello.txt | cut -d' ' -f1)
    printf J | dd of="$blob" conv=notrunc status=none
    equals "$(ctl system check --quick)" ""
    run_ctl system check
    equals "$status" 1
    contains "$output" "damage: artifact $registry/a:1: blob $(digest_of hello.txt) is damaged: ctl system check --repair fetches it again"
    run_ctl system check --repair
    equals "$status" 0
    contains "$output" "repaired: artifact $registry/a:1"
    cmp hello.txt "$blob"
    rm "$blob" "$store/artifacts/blobs/$(sha256sum model.gguf | cut -d' ' -f1)"
    run_ctl system check --repair
    equals "$status" 1
    contains "$output" "repaired: artifact $registry/a:1"
    contains "$output" "damage: artifact localhost/here:latest: blob $(digest_of model.gguf) is missing: it came from no registry"
    cmp hello.txt "$blob"
}
