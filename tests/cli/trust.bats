# policy.json: what pull, load and import let in, and image trust.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns
    ACCEPT='[{"type": "insecureAcceptAnything"}]'
    REJECT='[{"type": "reject"}]'
}

# policy JSON: the user's policy.
policy() {
    mkdir -p "$HOME/.config/containers"
    echo "$1" >"$HOME/.config/containers/policy.json"
}

@test "pull asks the policy before the registry, run too" {
    policy "{\"default\": $REJECT}"
    fails_with 125 "refused by $HOME/.config/containers/policy.json, \"default\": reject" pull --quiet 127.0.0.1:1/x
    fails_with 125 "\"default\": reject" run --rm 127.0.0.1:1/x true
    policy "{\"default\": $ACCEPT, \"transports\": {\"docker\": {\"127.0.0.1:1/team\": [{\"type\": \"signedBy\", \"keyType\": \"GPGKeys\", \"keyPath\": \"/k\"}]}}}"
    fails_with 125 "scope 127.0.0.1:1/team of the transport docker: signedBy asks for a signature" pull --quiet 127.0.0.1:1/team/app
}

@test "the most specific scope lets an image in" {
    need registry
    mkdir reg && registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" good/img:1
    registry_push "$(fixture busybox)/layout" bad/img:1
    policy "{\"default\": $REJECT, \"transports\": {\"docker\": {\"$registry/good\": $ACCEPT}}}"
    ctl pull --quiet "$registry/good/img:1"
    fails_with 125 reject pull --quiet "$registry/bad/img:1"
}

@test "load: by what the archive turns out to be, and where it lies" {
    docker=$(fixture busybox)/docker.tar layout=$(fixture busybox)/layout
    policy "{\"default\": $ACCEPT, \"transports\": {\"docker-archive\": {\"\": $REJECT}}}"
    fails_with 125 "the scope of the transport docker-archive: reject" load --quiet -i "$docker"
    run_ctl load --quiet <"$docker"
    equals "$status" 125
    equals "$(ctl images -q)" ""
    ctl load --quiet -i "$layout" >/dev/null
    cp -r "$layout" here
    policy "{\"default\": $ACCEPT, \"transports\": {\"oci\": {\"$T\": $REJECT}}}"
    ctl load --quiet -i "$layout" >/dev/null
    fails_with 125 "the scope $T of the transport oci: reject" load --quiet -i here
    ln -s here link
    fails_with 125 "the scope $T of the transport oci: reject" load --quiet -i link
}

@test "import is the transport tarball" {
    policy "{\"default\": $ACCEPT, \"transports\": {\"tarball\": {\"\": $REJECT}}}"
    tar -cf root.tar --files-from /dev/null
    fails_with 125 "the transport tarball: reject" import root.tar x
    policy "{\"default\": $ACCEPT}"
    ctl import root.tar x
}

@test "--signature-policy is read in place of the user's" {
    policy "{\"default\": $REJECT}"
    echo "{\"default\": $ACCEPT}" >other.json
    ctl load --quiet --signature-policy other.json -i "$(fixture busybox)/docker.tar"
    fails_with 125 "missing.json" load --quiet --signature-policy missing.json -i "$(fixture busybox)/docker.tar"
}

@test "a policy that cannot be read lets nothing in" {
    for text in '' '{}' '{"default": [{"type": "insecureAcceptAnything"}], "transport": {}}'; do
        policy "$text"
        fails_with 125 "$HOME/.config/containers/policy.json" load --quiet -i "$(fixture busybox)/docker.tar"
    done
    policy '{"default": [{"type": "tomorrow"}]}'
    fails_with 125 "the kind tomorrow is not known" load --quiet -i "$(fixture busybox)/docker.tar"
    chmod 0 "$HOME/.config/containers/policy.json"
    fails_with 125 "Permission denied" load --quiet -i "$(fixture busybox)/docker.tar"
}

@test "image trust set makes, changes and keeps; show tells" {
    [ ! -e /etc/containers/policy.json ] || skip "this machine has a policy"
    fails_with 125 "there is no policy" image trust show
    fails_with 125 "set that first" image trust set --type accept docker.io
    ctl image trust set --type reject default
    ctl image trust set -t accept docker.io/library
    ctl image trust set -f a.gpg -f /b.gpg quay.io
    equals "$(ctl image trust show --noheading | sed 's/  */ /g; s/ $//')" "all default reject
repository docker.io/library accept
repository quay.io signed $T/a.gpg
repository quay.io signed /b.gpg"
    contains "$(ctl image trust show | head -1)" TRANSPORT
    equals "$(ctl image trust show -n nginx | sed 's/  */ /g; s/ $//')" "repository docker.io/library accept"
    equals "$(ctl image trust show --json example.com | jq -r '.[].type')" reject
    equals "$(ctl image trust show --raw | jq -r '.transports.docker["quay.io"][0].keyType')" GPGKeys
    ctl image trust set --type accept quay.io
    equals "$(ctl image trust show --raw | jq -c '.transports.docker["quay.io"]')" '[{"type":"insecureAcceptAnything"}]'
    fails_with 125 "needs a key" image trust set quay.io
    fails_with 125 "has no keys" image trust set -t reject -f x quay.io
    fails_with 125 "is not one of" image trust set -t maybe quay.io
}

@test "image trust set leaves alone what it does not know, and a link where it was" {
    mkdir dotfiles
    policy x
    rm "$HOME/.config/containers/policy.json"
    ln -s "$T/dotfiles/policy.json" "$HOME/.config/containers/policy.json"
    ctl image trust set --type accept default
    [ -L "$HOME/.config/containers/policy.json" ]
    policy '{"default": [{"type": "ofTheFuture", "x": {"y": [1]}}], "transports": {"atomic": {"h/x": [{"type": "reject"}]}}}'
    ctl image trust set --type accept docker.io
    ctl image trust set --type accept h/x
    equals "$(jq -cS . dotfiles/policy.json)" \
        '{"default":[{"type":"ofTheFuture","x":{"y":[1]}}],"transports":{"atomic":{"h/x":[{"type":"insecureAcceptAnything"}]},"docker":{"docker.io":[{"type":"insecureAcceptAnything"}]}}}'
}
