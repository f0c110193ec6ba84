# manifest lists: put together, pushed, pulled for the platform that fits.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    mkdir reg
    registry_start "$T/reg"
}

INDEX=application/vnd.oci.image.index.v1+json

# An image for an architecture, with a file of that name, in the store as localhost/NAME.
image_for() { # NAME ARCHITECTURE
    mkdir -p "tree/$1" && echo "$1" >"tree/$1/name"
    tar -C "tree/$1" -c . | ctl import --quiet --arch "$2" - "$1" >/dev/null
}

index() { curl -fsS -H "Accept: $INDEX" "http://$registry/v2/${1%:*}/manifests/${1##*:}"; }

@test "a list of local images is pushed as an index, and each machine gets its own" {
    image_for mine amd64
    image_for theirs arm64
    equals "$(ctl manifest create app)" localhost/app:latest
    ctl manifest add app mine theirs >/dev/null
    equals "$(ctl manifest inspect app | jq -r '.manifests[].platform.architecture' | tr '\n' ' ')" "amd64 arm64 "
    run_ctl manifest push --digestfile d app "$registry/team/app:1"
    equals "$status" 0
    equals "$output" "sha256:$(index team/app:1 | sha256sum | cut -d' ' -f1)"
    equals "$(cat d)" "$output"
    equals "$(index team/app:1 | jq -r '.manifests | length, .[0].mediaType' | tr '\n' ' ')" "2 application/vnd.oci.image.manifest.v1+json "
    theirs=$(ctl inspect --format '{{.Id}}' theirs)
    ctl rmi -af >/dev/null
    equals "$(ctl pull --quiet --platform linux/arm64 "$registry/team/app:1")" "$theirs"
    equals "$(ctl manifest inspect "$registry/team/app:1" | jq '.manifests | length')" 2
}

@test "entries of other registries and of lists are copied, with all platforms or one" {
    image_for mine amd64
    image_for theirs arm64
    ctl manifest create both mine theirs >/dev/null
    ctl manifest push --quiet both "$registry/a/both:1" >/dev/null
    ctl manifest create new >/dev/null
    ctl manifest add --arch arm64 new "docker://$registry/a/both:1" >/dev/null
    equals "$(ctl manifest inspect new | jq -r '.manifests[].platform.architecture')" arm64
    ctl manifest add --all new "docker://$registry/a/both:1" >/dev/null
    equals "$(ctl manifest inspect new | jq '.manifests | length')" 2
    first=$registry
    registry_pid_of_first=$registry_pid
    mkdir reg2
    registry_start "$T/reg2"
    run_ctl manifest push new "$registry/b/new:1"
    kill "$registry_pid_of_first"
    equals "$status" 0
    equals "$(ctl manifest inspect "$registry/b/new:1" | jq -c '[.manifests[].digest]')" "$(ctl manifest inspect new | jq -c '[.manifests[].digest]')"
    ctl rmi -af >/dev/null
    ctl pull --quiet --platform linux/arm64 "$registry/b/new:1"
    [ "$first" != "$registry" ]
}

@test "an image whose config names another platform than asked for is pulled with a warning" {
    local warning="image platform (linux/amd64) does not match the expected platform (linux/arm64)"
    image_for mine amd64
    mine=$(ctl inspect --format '{{.Id}}' mine)
    ctl push --quiet mine "$registry/a/mine:1" >/dev/null
    ctl manifest create app >/dev/null
    ctl manifest add app mine >/dev/null
    ctl manifest annotate --arch arm64 app "$(ctl manifest inspect app | jq -r '.manifests[0].digest')" >/dev/null
    ctl manifest push --quiet app "$registry/a/app:1" >/dev/null
    for name in mine app; do
        ctl rmi -af >/dev/null
        run_ctl pull --quiet --arch arm64 "$registry/a/$name:1"
        equals "$status" 0
        equals "$output" "$mine"
        equals "$stderr" "ctl: warning: $warning"
        run_ctl pull "$registry/a/mine:1"
        lacks "$stderr" "does not match"
    done
}

@test "annotate, remove, rm, exists" {
    image_for mine amd64
    ctl manifest create --annotation org.example.a=1 app mine >/dev/null
    ctl manifest annotate --arch arm --variant v7 --annotation x=y app mine >/dev/null
    ctl manifest annotate --index --annotation all=1 app >/dev/null
    equals "$(ctl manifest inspect app | jq -c '.manifests[0].platform, .manifests[0].annotations, .annotations')" \
        '{"architecture":"arm","os":"linux","variant":"v7"}
{"x":"y"}
{"all":"1","org.example.a":"1"}'
    fails_with 125 "is there already" manifest create app
    ctl manifest create --amend app >/dev/null
    ctl manifest remove app "$(ctl manifest inspect app | jq -r '.manifests[0].digest')" >/dev/null
    equals "$(ctl manifest inspect app | jq -c .manifests)" "[]"
    ctl manifest exists app
    ctl manifest rm app
    run_ctl manifest exists app
    equals "$status" 1
    fails_with 1 "no manifest list" manifest rm app
    ctl manifest rm --ignore app
    fails_with 125 "no manifest list" manifest add app mine
}

@test "an image that is gone, and a list without a destination, are errors with the way out" {
    image_for mine amd64
    ctl manifest create app mine >/dev/null
    fails_with 125 "say where to push it to" manifest push --quiet app
    ctl rmi -f mine >/dev/null
    fails_with 125 "ctl manifest remove" manifest push --quiet app "$registry/x:1"
}

@test "policy.json is asked for what comes from registries, when it is added and when it is pushed on" {
    image_for mine amd64
    ctl push --quiet mine "$registry/team/app:1"
    ctl manifest create app "$registry/team/app:1" >/dev/null
    mkdir -p "$HOME/.config/containers"
    echo '{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {"'"$registry"'/team": [{"type": "reject"}]}}}' >"$HOME/.config/containers/policy.json"
    fails_with 125 "policy.json" manifest add app "docker://$registry/team/app:1"
    fails_with 125 "policy.json" manifest create other "docker://$registry/team/app:1"
    fails_with 125 "policy.json" manifest push --quiet app "$registry/else/app:1"
    ctl manifest push --quiet --all=false app "$registry/team/app:list" >/dev/null # sends nothing that has come in
    rm "$HOME/.config/containers/policy.json"
    ctl manifest push --quiet app "$registry/else/app:1" >/dev/null
}

@test "annotate --index --subject makes the list a referrer of an image" {
    image_for mine amd64
    image_for about amd64
    ctl push -q about "$registry/team/app:1" 2>/dev/null
    local digest
    digest=$(curl -fsSI -H "Accept: application/vnd.oci.image.manifest.v1+json" "http://$registry/v2/team/app/manifests/1" | tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip')
    ctl manifest create app mine >/dev/null
    fails_with 125 "say --index, too" manifest annotate --subject "docker://$registry/team/app:1" app mine
    ctl manifest annotate --index --subject "docker://$registry/team/app:1" app >/dev/null
    equals "$(ctl manifest inspect app | jq -r .subject.digest)" "$digest"
    ctl manifest push -q app "docker://$registry/team/app:list" 2>/dev/null
    equals "$(index team/app:list | jq -r .subject.digest)" "$digest"
    equals "$(ctl image referrers --format '{{.Digest}}' "docker://$registry/team/app:1" | wc -l)" 1
    fails_with 125 "Docker's format of lists has no subject" manifest push --format v2s2 app "docker://$registry/team/app:docker"
    ctl manifest annotate --index --subject about app >/dev/null
    equals "$(ctl manifest inspect app | jq -r .subject.digest)" "$(ctl image inspect -f '{{.Digest}}' about)"
    fails_with 125 'no image with name or id "none.such"' manifest annotate --index --subject none.such app
}

# in_registry REPO DIGEST: a manifest there.
in_registry() { curl -fsS -H "Accept: application/vnd.oci.image.manifest.v1+json" "http://$registry/v2/$1/manifests/$2"; }

@test "files are added as an artifact, and pushed with the list" {
    printf 'hello\n' >hello.txt
    printf '{"a":1}\n' >c.json
    image_for mine amd64
    ctl manifest create app mine >/dev/null
    equals "$(ctl manifest add --artifact app hello.txt c.json)" app
    equals "$(ctl manifest inspect app | jq -c '.manifests[1] | del(.digest, .size)')" \
        '{"artifactType":"application/vnd.unknown.artifact.v1","mediaType":"application/vnd.oci.image.manifest.v1+json"}'
    ctl manifest add --artifact --artifact-type application/x.t --artifact-config c.json --artifact-config-type application/x.c \
        --artifact-layer-type text/z --artifact-exclude-titles --annotation k=v --arch arm64 --os linux app hello.txt >/dev/null
    ctl manifest add --artifact --artifact-type= --artifact-config c.json app hello.txt >/dev/null
    rm hello.txt
    digest=$(ctl manifest push --quiet app "$registry/team/app:1")
    equals "$(index team/app:1 | jq -c '.manifests[2] | del(.size, .digest)')" \
        '{"annotations":{"k":"v"},"artifactType":"application/x.t","mediaType":"application/vnd.oci.image.manifest.v1+json","platform":{"architecture":"arm64","os":"linux"}}'
    equals "$digest" "sha256:$(index team/app:1 | sha256sum | cut -d' ' -f1)"
    read -r first second third <<<"$(index team/app:1 | jq -r '[.manifests[1:][].digest] | join(" ")')"
    hello='"digest":"sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"'
    config='{"data":"eyJhIjoxfQo=","digest":"sha256:e346432021b04179518d9614f3560ccd71354a4ee101ddcb893d6959a9d6301c"'
    equals "$(in_registry team/app "$first" | jq -c '.artifactType, .config.mediaType, .config.data, (.layers | map([.mediaType, .annotations["org.opencontainers.image.title"]]))')" \
        '"application/vnd.unknown.artifact.v1"
"application/vnd.oci.empty.v1+json"
"e30="
[["text/plain","hello.txt"],["application/json","c.json"]]'
    equals "$(in_registry team/app "$second" | jq -c '.artifactType, .config, .layers')" '"application/x.t"
'"$config"',"mediaType":"application/x.c","size":8}
[{'"$hello"',"mediaType":"text/z","size":6}]'
    equals "$(in_registry team/app "$third" | jq -c '.artifactType, .config.mediaType')" 'null
"application/vnd.oci.image.config.v1+json"'
    ctl artifact pull --quiet "$registry/team/app@$second" >/dev/null
    ctl artifact extract "$registry/team/app@$second" out
    equals "$(cat out)" hello
}

@test "an artifact of a list is kept with it, and goes with the last list that has it" {
    printf 'hello\n' >hello.txt
    ctl manifest create app >/dev/null
    ctl manifest create app:2 >/dev/null
    ctl manifest add --artifact app hello.txt >/dev/null
    ctl manifest add --artifact app:2 hello.txt >/dev/null
    digest=$(ctl manifest inspect app | jq -r '.manifests[].digest')
    ctl system prune --force >/dev/null
    equals "$(ctl artifact ls --noheading --no-trunc --format '{{.Repository}} {{.Digest}}')" "localhost/app ${digest#sha256:}"
    ctl manifest rm app >/dev/null
    equals "$(ctl artifact ls --noheading | wc -l)" 1
    ctl manifest push --quiet app:2 "$registry/team/app:2" >/dev/null
    ctl manifest remove app:2 "$digest" >/dev/null
    equals "$(ctl artifact ls --noheading)" ""
    equals "$(ctl manifest inspect app:2 | jq -c .manifests)" "[]"
    ctl manifest add --artifact app:2 hello.txt >/dev/null
    ctl artifact rm "localhost/app@$digest" >/dev/null
    fails_with 125 "of the list is gone: ctl manifest remove" manifest push --quiet app:2 "$registry/team/app:3"
}

@test "an artifact is about an image, and its registry says so" {
    printf '{}' >sbom.json
    image_for mine amd64
    ctl push --quiet mine "$registry/team/app:1"
    image=$(ctl image inspect --remote --format '{{.Digest}}' "$registry/team/app:1")
    ctl manifest create app >/dev/null
    ctl manifest add --artifact --artifact-subject "docker://$registry/team/app:1" --artifact-type application/x.sbom app sbom.json >/dev/null
    ctl manifest push --quiet app "$registry/team/app:list" >/dev/null
    equals "$(ctl image referrers --format '{{.ArtifactType}}' "$registry/team/app:1")" application/x.sbom
    sbom=$(ctl manifest inspect app | jq -r '.manifests[].digest')
    equals "$(in_registry team/app "$sbom" | jq -r .subject.digest)" "$image"
    fails_with 125 "no-such" manifest add --artifact --artifact-subject no-such app sbom.json
}

@test "what manifest add --artifact cannot do" {
    printf 'x' >f
    ctl manifest create app >/dev/null
    fails_with 125 "--artifact-type requires --artifact" manifest add --artifact-type x/y app f
    fails_with 125 "--artifact-exclude-titles requires --artifact" manifest add --artifact-exclude-titles app f
    fails_with 125 "no manifest list with the name" manifest add --artifact other f
    fails_with 125 "none: No such file" manifest add --artifact app none
    fails_with 125 "is a directory" manifest add --artifact app .
    fails_with 125 "c.json: No such file" manifest add --artifact --artifact-config c.json app f
    head -c 2000000 /dev/zero >c.json
    fails_with 125 "longer than 1048576 bytes" manifest add --artifact --artifact-config c.json app f
    equals "$(ctl manifest inspect app | jq -c .manifests)" "[]"
    equals "$(ctl artifact ls --noheading)" ""
}

# layer_types REPO DIGEST
layer_types() { curl -fsS -H "Accept: application/vnd.oci.image.manifest.v1+json" "http://$registry/v2/$1/manifests/$2" | jq -r '.layers[].mediaType'; }
# entries REPO:TAG: "architecture compression of the layers, annotation" of each.
entries() {
    local digest
    for digest in $(index "$1" | jq -r '.manifests[].digest'); do
        echo "$(index "$1" | jq -r --arg d "$digest" '.manifests[] | select(.digest == $d) | [.platform.architecture, .annotations["io.github.containers.compression.zstd"]] | map(. // "-") | join(" ")')" \
            "$(layer_types "${1%:*}" "$digest" | sed 's/.*+//')"
    done
}

@test "--add-compression adds what is not there in it, and each pull takes the smaller" {
    image_for mine amd64
    image_for theirs arm64
    ctl manifest create app mine theirs >/dev/null
    printf x >f
    ctl manifest add --artifact app f >/dev/null
    ctl manifest push --quiet --add-compression zstd app "$registry/team/app:1" >/dev/null
    equals "$(entries team/app:1)" "amd64 - gzip
arm64 - gzip
- - text/plain
amd64 true zstd
arm64 true zstd"
    # Of that list again: every platform has both.
    ctl manifest create again >/dev/null
    ctl manifest add --all again "docker://$registry/team/app:1" >/dev/null
    ctl manifest push --quiet --add-compression zstd,gzip again "$registry/team/again:1" >/dev/null
    equals "$(index team/again:1 | jq -S .manifests)" "$(index team/app:1 | jq -S .manifests)"
    ctl manifest push --quiet --compression-format zstd --add-compression gzip app "$registry/team/app:2" >/dev/null
    equals "$(entries team/app:2)" "amd64 - zstd
arm64 - zstd
- - text/plain
amd64 - gzip
arm64 - gzip"
    mine=$(ctl inspect --format '{{.Id}}' mine)
    ctl rmi -af >/dev/null
    equals "$(ctl pull --quiet --platform linux/amd64 "$registry/team/app:1")" "$mine"
    equals "$(ctl inspect --format '{{.Digest}}' "$mine")" "$(index team/app:1 | jq -r '.manifests[3].digest')"
}

@test "--add-compression: what is in another registry, and what cannot be" {
    image_for mine amd64
    ctl push --quiet --format v2s2 mine "$registry/a/docker:1"
    ctl manifest create new >/dev/null
    ctl manifest add new "docker://$registry/a/docker:1" >/dev/null
    ctl manifest push --quiet --add-compression zstd new "$registry/b/new:1" >/dev/null
    equals "$(index b/new:1 | jq -r '.manifests[].mediaType' | tr '\n' ' ')" \
        "application/vnd.docker.distribution.manifest.v2+json application/vnd.oci.image.manifest.v1+json "
    ctl manifest push --quiet --compression-format zstd new "$registry/b/new:2" >/dev/null
    equals "$(layer_types b/new "$(index b/new:2 | jq -r '.manifests[].digest')")" application/vnd.oci.image.layer.v1.tar+zstd
    fails_with 125 "no zstd" manifest push --quiet --format v2s2 --add-compression zstd new "$registry/b/new:3"
    fails_with 125 "needs the images" manifest push --quiet --all=false --add-compression zstd new "$registry/b/new:3"
    fails_with 125 '"bzip2" is not one of gzip, zstd' manifest push --quiet --add-compression zstd,bzip2 new "$registry/b/new:3"
    fails_with 125 "zstd:chunked is not supported yet" manifest push --quiet --add-compression zstd:chunked new "$registry/b/new:3"
    ctl pull --quiet "$registry/b/new:1"
    ctl system check
}

@test "Docker's words for a registry in the clear, and for showing all" {
    registry_stop
    registry_start "$T/reg" tls
    pushed=$registry/team/app:1
    image_for mine amd64
    ctl push --quiet --tls-verify=false mine "$pushed"
    fails_with 125 certificate manifest create app "docker://$pushed"
    ctl manifest create --insecure --amend app "docker://$pushed" >/dev/null
    ctl manifest create other >/dev/null
    ctl manifest add --insecure other "docker://$pushed" >/dev/null
    equals "$(ctl manifest inspect --verbose app)" "$(ctl manifest inspect other)"
}
