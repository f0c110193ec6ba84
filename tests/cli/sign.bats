# image sign: with a throw-away key; gpgv, which knows nothing of ctl, says whether the signatures are good.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    [ -x "$(dirname "$CTL")/ctl-sign" ] || skip "built without libgpgme"
    export GNUPGHOME=$T/gnupg
    mkdir -m 0700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Signer <signer@example.org>' ed25519 sign never 2>/dev/null
    gpg --batch --quiet --export >keyring.gpg
    mkdir reg && registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" team/app:1
    digest=$(ctl image inspect --remote -n --format '{{.Digest}}' "$registry/team/app:1")
}
teardown() {
    gpgconf --kill all 2>/dev/null # the agent has started
    ctl_teardown
}

# payload FILE: what is signed, if the signature is good.
payload() { gpgv --quiet --keyring "$T/keyring.gpg" --output - "$1" 2>gpgv.log; }

@test "the signature is good, and says which manifest was meant by which name" {
    run_ctl image sign --sign-by signer@example.org --directory sigs "docker://$registry/team/app:1"
    equals "$status" 0
    equals "$output$stderr" ""
    file=sigs/team/app@${digest/:/=}/signature-1
    equals "$(payload "$file" | jq -c '.critical')" \
        '{"identity":{"docker-reference":"'"$registry"'/team/app:1"},"image":{"docker-manifest-digest":"'"$digest"'"},"type":"atomic container signature"}'
    contains "$(payload "$file" | jq -r .optional.creator)" "ctl "
    equals "$(payload "$file" | jq -r '.optional.timestamp | type')" number
    cp "$file" other
    printf x | dd of=other conv=notrunc bs=1 seek=100 status=none
    run payload other
    [ "$status" != 0 ]
    ctl image sign --sign-by "$(gpg --list-keys --with-colons | awk -F: '/^fpr/ {print $10; exit}')" -d sigs "docker://$registry/team/app@$digest"
    equals "$(payload "${file%1}2" | jq -r '.critical.identity["docker-reference"]')" "$registry/team/app@$digest"
    equals "$(ls -A "$(dirname "$file")" | tr '\n' ' ')" "signature-1 signature-2 "
}

@test "--all signs each image of a list" {
    ctl manifest create list "$registry/team/app:1" >/dev/null
    ctl manifest push --quiet list "$registry/team/app:list" >/dev/null
    ctl image sign --sign-by signer@example.org -d sigs "docker://$registry/team/app:list"
    ctl image sign --all --sign-by signer@example.org -d sigs "docker://$registry/team/app:list"
    list=$(ctl image inspect --remote -n --raw "$registry/team/app:list" | sha256sum | cut -d' ' -f1)
    equals "$(ls sigs/team | sort)" "$(printf 'app@%s\n' "sha256=$list" "${digest/:/=}" | sort)"
    fails_with 125 "is one image" image sign --all --sign-by signer@example.org -d sigs "docker://$registry/team/app:1"
}

@test "registries.d says where signatures go, the most specific entry first" {
    conf=$HOME/.config/containers/registries.d
    ctl image sign --sign-by signer@example.org "docker://$registry/team/app:1"
    [ -f "$HOME/.local/share/containers/sigstore/team/app@${digest/:/=}/signature-1" ]
    mkdir -p "$conf"
    printf 'default-docker:\n  sigstore: file://%s/default\n' "$T" >"$conf/default.yaml"
    printf 'docker:\n  %s:\n    lookaside: https://web.example/sigs\n    lookaside-staging: file://%s/host/\n' "$registry" "$T" >"$conf/host.yaml"
    ctl image sign --sign-by signer@example.org "docker://$registry/team/app:1"
    [ -f "host/team/app@${digest/:/=}/signature-1" ]
    printf 'docker:\n  %s/team/app: {lookaside: "https://web.example/sigs"}\n' "$registry" >"$conf/app.yaml"
    fails_with 125 "cannot be written to https://web.example/sigs" image sign --sign-by signer@example.org "docker://$registry/team/app:1"
    rm "$conf/app.yaml" "$conf/host.yaml"
    ctl image sign --sign-by signer@example.org "docker://$registry/team/app:1"
    [ -f "default/team/app@${digest/:/=}/signature-1" ]
}

@test "no key, no such key, one that is not alone, and no image in a registry" {
    fails_with 125 "--sign-by KEY is needed" image sign -d sigs "docker://$registry/team/app:1"
    fails_with 125 'there is no secret key "nobody@example.org"' image sign --sign-by nobody@example.org -d sigs "docker://$registry/team/app:1"
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Other <other@example.org>' ed25519 sign never 2>/dev/null
    fails_with 125 "several secret keys" image sign --sign-by example.org -d sigs "docker://$registry/team/app:1"
    fails_with 125 "only images in registries" image sign --sign-by other@example.org -d sigs busybox
    fails_with 125 "manifest unknown" image sign --sign-by other@example.org -d sigs "docker://$registry/team/app:none"
    [ ! -e sigs ]
}

# signatures DIRECTORY: "repository digest name" of each below it that is good.
signatures() {
    local file
    for file in $(cd "$1" && find . -type f | sort); do
        echo "$(dirname "${file#./}" | sed 's/@sha256=/ sha256:/') $(payload "$1/$file" | jq -r '.critical.identity["docker-reference"], .critical.image["docker-manifest-digest"]' | tr '\n' ' ')"
    done
}
staging() {
    mkdir -p "$HOME/.config/containers/registries.d"
    printf 'default-docker:\n  lookaside: https://web.example/sigs\n  lookaside-staging: %s\n' "$1" >"$HOME/.config/containers/registries.d/d.yaml"
}

@test "push --sign-by signs what it has pushed" {
    load_image busybox
    staging "file://$T/sigs"
    run_ctl push --quiet --digestfile d --sign-by signer@example.org "$IMG" "$registry/team/mine:1"
    equals "$status" 0
    equals "$output$stderr" ""
    equals "$(signatures sigs)" "team/mine $(cat d) $registry/team/mine:1 $(cat d) "
    printf x >f
    ctl artifact add a f >/dev/null
    ctl artifact push --quiet --digestfile d --sign-by signer@example.org a "$registry/team/artifact:1"
    contains "$(signatures sigs)" "team/artifact $(cat d) $registry/team/artifact:1 $(cat d) "
}

@test "manifest push --sign-by signs the images and the list, without --all the list alone" {
    staging "file://$T/sigs"
    ctl manifest create list "$registry/team/app:1" >/dev/null
    list=$(ctl manifest push --quiet --sign-by signer@example.org list "$registry/team/list:1")
    equals "$(signatures sigs)" "$(printf 'team/list %s %s/team/list:1 %s \n' "$digest" "$registry" "$digest" "$list" "$registry" "$list" | sort)"
    rm -r sigs
    ctl manifest push --quiet --all=false --sign-by signer@example.org list "$registry/team/list:2" >/dev/null
    equals "$(signatures sigs)" "team/list $list $registry/team/list:2 $list "
}

@test "what cannot be signed is not pushed" {
    load_image busybox
    staging "file://$T/sigs"
    fails_with 125 'there is no secret key "nobody@example.org"' push --quiet --sign-by nobody@example.org "$IMG" "$registry/team/mine:1"
    staging https://web.example/staging
    fails_with 125 "name one as lookaside-staging there" push --quiet --sign-by signer@example.org "$IMG" "$registry/team/mine:1"
    fails_with 125 "only images in registries can be signed" push --quiet --sign-by signer@example.org "$IMG" dir:out
    fails_with 125 "--sign-passphrase-file is for --sign-by" push --quiet --sign-passphrase-file p "$IMG" "$registry/team/mine:1"
    fails_with 125 "" image inspect --remote "$registry/team/mine:1"
    [ ! -e out ]
    [ ! -e sigs ]
}

@test "the passphrase of a key can be in a file" {
    load_image busybox
    staging "file://$T/sigs"
    gpg --batch --quiet --passphrase secret --pinentry-mode loopback --quick-generate-key 'Locked <locked@example.org>' ed25519 sign never 2>/dev/null
    gpg --batch --quiet --export >keyring.gpg
    gpgconf --kill gpg-agent # it knows the passphrase
    printf 'secret\nmore\n' >right
    printf 'guess\n' >wrong
    fails_with 125 "sign with the key locked@example.org" push --quiet --sign-by locked@example.org --sign-passphrase-file wrong "$IMG" "$registry/team/mine:1"
    fails_with 125 "none: No such file" push --quiet --sign-by locked@example.org --sign-passphrase-file none "$IMG" "$registry/team/mine:1"
    ctl push --quiet --digestfile d --sign-by locked@example.org --sign-passphrase-file right "$IMG" "$registry/team/mine:1"
    equals "$(signatures sigs)" "team/mine $(cat d) $registry/team/mine:1 $(cat d) "
}
