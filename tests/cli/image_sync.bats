# image sync: repositories, directories and yaml files of images to registries and directories.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    mkdir reg && registry_start "$T/reg"
}

# image REPO:TAG CONTENT: a small image in the registry.
image() {
    python3 "$BATS_TEST_DIRNAME/../fixtures/mkimg.py" build <(echo "{\"tag\": \"1\", \"layers\": [{\"entries\": [{\"path\": \"f\", \"content\": \"$2\"}]}]}") "layout-$2"
    registry_push "layout-$2" "$1"
}
tags() { curl -fsS "http://$registry/v2/$1/tags/list" | jq -r '.tags | sort | join(" ")'; }
digest() { ctl image inspect --remote -n --format '{{.Digest}}' "$registry/$1"; }
sync() { ctl image sync "$@"; }

@test "all tags of a repository to a directory, from there to a registry, and again with what is new" {
    image team/app:1 a
    image team/app:2 b
    sync --src docker --dest dir "$registry/team/app" usb
    equals "$(ls usb | tr '\n' ' ')" "app:1 app:2 "
    sync --src dir --dest docker usb "$registry/mirror"
    equals "$(tags mirror/app)" "1 2"
    equals "$(digest mirror/app:2)" "$(digest team/app:2)"
    image team/app:2 c
    sync --src docker --dest dir "$registry/team/app:2" usb
    sync --src dir --dest docker "usb/app:2" "$registry/mirror/"
    equals "$(digest mirror/app:2)" "$(digest team/app:2)"
}

@test "--scoped keeps the whole name, --append-suffix changes the tag, --dry-run copies nothing" {
    image team/app:1 a
    run_ctl image sync --dry-run --src docker --dest docker --scoped --append-suffix=-m "$registry/team/app:1" "$registry/all"
    equals "$status" 0
    contains "$stderr" "would copy docker://$registry/team/app:1 to docker://$registry/all/$registry/team/app:1-m"
    equals "$(ctl image search --list-tags "$registry/all/$registry/team/app" 2>/dev/null)" ""
    sync --src docker --dest dir --scoped "$registry/team/app" usb
    [ -f "usb/$registry/team/app:1/manifest.json" ]
    sync --src docker --dest docker --append-suffix=-m --digestfile digests "$registry/team/app" "$registry/mirror"
    equals "$(tags mirror/app)" 1-m
    equals "$(cat digests)" "$(digest team/app:1) docker://$registry/mirror/app:1-m"
}

@test "a yaml file" {
    image team/app:1 a
    image team/app:2 b
    image team/other:v1 c
    image team/other:w1 d
    two=$(digest team/app:2)
    cat >sync.yaml <<-END
		$registry:
		    images:
		        team/app: ["1", "$two"]
		    images-by-tag-regex:
		        team/other: ^v
		    tls-verify: false
	END
    sync --src yaml --dest docker sync.yaml "$registry/mirror"
    equals "$(tags mirror/app)" 1
    equals "$(digest "mirror/app@$two")" "$two"
    equals "$(tags mirror/other)" v1
    printf '%s:\n    images-by-server: {x: "1"}\n' "$registry" >bad.yaml
    fails_with 125 "images-by-server: is not supported" image sync --src yaml --dest dir bad.yaml usb
}

@test "a yaml file with ranges of versions" {
    for tag in 1.2.0 v1.9.3 2.0.0-rc1 2.0.0 latest; do image team/app:$tag a; done
    printf '%s:\n    images-by-semver:\n        team/app: ^1.2\n' "$registry" >sync.yaml
    sync --src yaml --dest docker sync.yaml "$registry/one"
    equals "$(tags one/app)" "1.2.0 v1.9.3"
    printf '%s:\n    images-by-semver: {team/app: 2}\n' "$registry" >sync.yaml
    sync --src yaml --dest docker sync.yaml "$registry/two"
    equals "$(tags two/app)" 2.0.0
    printf '%s:\n    images-by-semver: {team/app: newest}\n' "$registry" >sync.yaml
    fails_with 125 'images-by-semver.team/app: "newest" is no range of versions' image sync --src yaml --dest dir sync.yaml usb
}

@test "the first failure ends it, with --keep-going the last" {
    image team/app:1 a
    image team/app:2 b
    image team/app:3 c
    hex=$(ctl image inspect --remote -n --format '{{index .Layers 0}}' "$registry/team/app:1" | cut -d: -f2)
    rm -r "$(find reg/store -type d -name "$hex" -path '*/blobs/*')" "$(find reg/store -type d -name "$hex" -path '*team/app*')"
    run_ctl image sync --src docker --dest dir "$registry/team/app" one
    equals "$status" 125
    run_ctl image sync --keep-going --src docker --dest dir "$registry/team/app" two
    equals "$status" 125
    contains "$stderr" "copied 2 of 3 images"
    equals "$(ls -d two/*/manifest.json | wc -l)" 2
}

@test "what makes no sense is said" {
    mkdir empty
    fails_with 125 "--src is missing" image sync --dest dir x y
    fails_with 125 "is not one of docker, dir, yaml" image sync --src oci --dest dir x y
    fails_with 125 "there is no image in empty" image sync --src dir --dest docker empty "$registry/x"
    fails_with 125 "what \`cp\` does" image sync --src dir --dest dir empty y
    fails_with 125 "which cannot be at" image copy --quiet oci:"$(fixture busybox)/layout" "docker://$registry/x@sha256:$(printf 'a%.0s' {1..64})"
}
