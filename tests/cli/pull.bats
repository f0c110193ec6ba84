# pull from registries that lie, break off and lead astray: what is not verified is refused and leaves nothing.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns
}

# evil WAY [CERTIFICATE KEY]: starts evilreg.py; sets registry, other (ports) and image. The teardown stops it by registry_pid.
evil() {
    python3 "$BATS_TEST_DIRNAME/evilreg.py" "$(fixture busybox)/layout" "$T" "$@" >evil.log 2>&1 </dev/null 3>&- 4>&- &
    registry_pid=$!
    eventually test -e ports
    local port
    read -r port other <ports || true
    registry=127.0.0.1:$port
    image=$registry/test/img:1
}

pulled() {
    run_ctl pull --quiet "$image"
    equals "$status" 0
    equals "$output" "$(ctl images --quiet --no-trunc | cut -d: -f2)"
}

# refused WAY TEXT: the pull fails with one line that contains TEXT, behind those of repetitions, and nothing of it is in the store.
refused() {
    evil "$1"
    run_ctl pull --quiet "$image"
    equals "$status" 125
    stderr=$(printf '%s\n' "$stderr" | grep -v '^ctl: warning: .*, trying again in ')
    contains "$stderr" "$2"
    equals "$(printf '%s\n' "$stderr" | wc -l)" 1
    equals "$(ctl images --quiet)" ""
    nothing_left
}

nothing_left() {
    local data=$XDG_DATA_HOME/ctl
    equals "$(ls "$data/layers" "$data/images" "$data/refs" "$data/partial" "$data/tmp" 2>/dev/null | grep -v ':$' | grep .)" ""
}

@test "an honest registry is believed" {
    evil honest
    pulled
}

@test "an index leads to the image for this machine" {
    evil index
    pulled
    contains "$(ctl images --format '{{.Digest}}')" "$(grep -o 'sha256:[0-9a-f]*' requests | head -1)"
}

@test "a platform that the index lacks is an error that names what there is" {
    evil index
    fails_with 125 linux/other pull --quiet --platform linux/s390x "$image"
}

@test "a manifest with another digest than the registry claims is refused" { refused claimed-digest "sent content with digest"; }
@test "a manifest with another digest than its index says is refused" { refused child-digest "sent content with digest"; }
@test "a manifest with another size than its index says is refused" { refused index-size "its index says"; }
@test "a manifest sent as an index is refused" { refused content-type 'calls itself'; }
@test "a manifest with the members of an index is refused" { refused both-kinds ambiguous; }
@test "a page in a manifest's place is refused in our words" {
    refused html 'not valid JSON: it begins with "<", as HTML and XML do'
    lacks "$stderr" json.exception
}
@test "a manifest with duplicate keys is refused" { refused duplicate-keys "is there twice"; }
@test "a manifest without end is refused" { refused endless-manifest larger; }
@test "lists of tags and of repositories without end come to one, soon" {
    evil endless-lists
    run --separate-stderr timeout 20 "$CTL" search --list-tags "$registry/test/img"
    equals "$status" 125
    contains "$stderr" "more than 50000 tags"
    [ "$(grep -c tags/list requests)" -le 4 ]
    equals "$(ctl search --limit 2 --format '{{.Name}}' "$registry/n" | tr '\n' ' ')" "$registry/short-n $registry/short-n "
}
@test "what a registry says in a search does not reach the terminal as control characters" {
    evil search-escapes
    lacks "$(ctl search --no-trunc "$registry/x")" "$(printf '\033')"
    found=$(ctl search --limit 20000 --format '{{.Name}} {{.Description}}' "$registry/x")
    contains "$found" '\x1b'
    lacks "$found" "$(printf '\033')"
}

@test "a config with another digest is refused" { refused config-digest "another digest"; }
@test "a layer with another digest is refused" { refused layer-digest "another digest"; }
@test "a layer longer than its descriptor is refused" { refused long-layer "sends more than"; }
@test "a layer whose descriptor says less than it has is refused" { refused layer-size "sends more than"; }
@test "a layer that is not the one the config names is refused" { refused diff-id layer; }
@test "a config with more diff-ids than layers is refused" { refused diff-id-count "diff_ids has"; }
@test "a foreign layer is not fetched" { refused foreign-layer "foreign layers are not supported"; }

@test "a digest that is a path is refused before anything is asked for" {
    refused layer-digest-path "not a sha256 digest"
    lacks "$(cat requests)" passwd
}

@test "a layer that breaks off is taken up where it stopped" {
    evil cut-once
    pulled
    contains "$(cat requests)" "bytes="
}

@test "a registry without ranges sends a broken layer again" {
    evil cut-no-range
    pulled
}

@test "a layer whose rest is another is refused" { refused cut-other-tail "layer sha256:"; }
@test "a registry that sends another range than asked for is refused" { refused cut-wrong-range "another range"; }

@test "a layer that never ends is an error after some attempts, and what came is kept for the next" {
    evil cut-always
    run_ctl pull --quiet "$image"
    equals "$status" 125
    contains "$stderr" "ctl: "
    equals "$(ctl images --quiet)" ""
    [ "$(ls "$XDG_DATA_HOME/ctl/partial" | wc -l)" = 1 ]
    registry_stop
    rm ports requests
    evil honest
    pulled
    contains "$(cat requests)" "bytes="
    equals "$(ls "$XDG_DATA_HOME/ctl/partial")" ""
}

@test "a spoiled partial download is thrown away and fetched anew" {
    evil cut-always
    run_ctl pull --quiet "$image"
    registry_stop
    rm ports
    printf 'spoiled' | dd of="$(echo "$XDG_DATA_HOME"/ctl/partial/*)" conv=notrunc status=none
    evil honest
    pulled
}

@test "a registry that is overloaded for a moment is asked again" {
    evil error-once
    pulled
}

@test "an anonymous token is fetched and used" {
    evil token
    pulled
    contains "$(cat requests)" "/token?service=evil&scope=repository%3Atest%2Fimg%3Apull"
    contains "$(grep blobs requests)" "Bearer_secret-token"
}

@test "the token is not sent to another origin" {
    evil token-redirect
    pulled
    contains "$(cat requests)" "$other GET /v2/test/img/blobs/"
    lacks "$(grep "^$other " requests)" secret-token
}

# auth_entry MEMBERS: auth.json's entry for the registry.
auth_entry() {
    mkdir -p "$XDG_RUNTIME_DIR/containers"
    printf '{"auths": {"%s": %s}}' "$registry" "$1" >"$XDG_RUNTIME_DIR/containers/auth.json"
}

@test "an identity token is given to the token server for a token, and to nobody else" {
    unset REGISTRY_AUTH_FILE
    evil token
    auth_entry '{"auth": "'"$(printf '00000000-0000-0000-0000-000000000000:' | base64)"'", "identitytoken": "re fresh&me"}'
    pulled
    contains "$(grep POST requests)" "/token - grant_type=refresh_token"
    contains "$(grep POST requests)" "service=evil&refresh_token=re%20fresh%26me&scope=repository%3Atest%2Fimg%3Apull"
    lacks "$(grep -v POST requests)" fresh
    lacks "$(grep GET requests)" /token
    contains "$(grep blobs requests)" "Bearer_secret-token"
    auth_entry '{"identitytoken": "old"}'
    fails_with 125 "invalid username/password for $registry" pull --quiet "$image"
    lacks "$stderr" old
    auth_entry '{"auth": "'"$(printf 'me:s3cret' | base64)"'"}'
    ctl pull --quiet "$image"
    registry_stop
    rm ports
    evil realm-elsewhere
    auth_entry '{"identitytoken": "re fresh&me"}'
    fails_with 125 refused pull --quiet "$image"
    registry_stop
    rm ports
    evil basic
    auth_entry '{"identitytoken": "re fresh&me"}'
    fails_with 125 "there is only an identity token" pull --quiet "$image"
    equals "$(grep -c fresh%26me requests)" 1
}

@test "a registry token is used as it is, at the registry alone" {
    unset REGISTRY_AUTH_FILE
    evil token-redirect
    auth_entry '{"registrytoken": "secret-token", "identitytoken": "x"}'
    pulled
    lacks "$(cat requests)" /token
    lacks "$(grep "^$other " requests)" secret-token
    auth_entry '{"registrytoken": "wrong"}'
    fails_with 125 "access denied to the user logged in" pull --quiet "$image"
    auth_entry '{"registrytoken": "a\r\nb"}'
    fails_with 125 "cannot be sent" pull --quiet "$image"
}

@test "the password goes to the token server and to the registry, and not where a blob is redirected to" {
    evil token
    ctl pull --quiet --creds me:s3cret "$image"
    contains "$(grep /token requests)" "account=me"
    contains "$(grep /token requests)" "Basic_$(printf me:s3cret | base64)"
    lacks "$(grep -v /token requests)" Basic_
    registry_stop
    rm ports requests
    ctl rmi -af >/dev/null
    ctl system prune --force >/dev/null
    evil basic-redirect
    ctl pull --quiet --creds me:s3cret "$image"
    contains "$(grep manifests requests)" "Basic_$(printf me:s3cret | base64)"
    contains "$(cat requests)" "$other GET /v2/test/img/blobs/"
    lacks "$(grep "^$other " requests)" Basic_
}

@test "a realm elsewhere gets no password" {
    evil realm-elsewhere
    fails_with 125 "not https" pull --quiet --creds me:s3cret "$image"
    lacks "$(cat requests)" Basic_
    lacks "$stderr" s3cret
}

@test "a limit on the number of pulls is explained" {
    evil rate-limit
    run_ctl pull --quiet --retry 1 "$image"
    equals "$status" 125
    contains "$stderr" "the registry limits how many are allowed in a time (limit 100;w=21600)"
    contains "$stderr" "ctl: warning: http://$registry: status 429, too many requests, trying again in 0 s (1 of 1)"
    equals "$(printf '%s\n' "$stderr" | wc -l)" 2
    equals "$(grep -c manifests requests)" 2
}

@test "a registry that wants hours of patience is not asked again" {
    evil long-rate-limit
    fails_with 125 "asks to wait (Retry-After: 21600): try again later" pull "$image"
    equals "$(grep -c manifests requests)" 1
}

@test "two pulls of one image share its download" {
    evil slow
    "$CTL" pull --quiet "$image" >one.log 2>&1 &
    local first=$!
    "$CTL" pull --quiet "$image" >two.log 2>&1
    wait "$first"
    cmp one.log two.log
    equals "$(grep -c "blobs/sha256:.* - -$" requests)" 3 # the config twice, the layer once
}

# fetcher: the process that speaks to the registry, of the one pull that runs: it has no capability left.
fetcher() {
    local status
    for status in $(grep -sl $'^Name:\tctl-image' /proc/[0-9]*/status || true); do
        if grep -qs $'^CapEff:\t0*$' "$status" && grep -qs "^Uid:.$(id -u)" "$status"; then basename "$(dirname "$status")"; fi
    done
}

@test "what speaks to the registry is a process of its own, without rights; when it dies the download is kept" {
    evil stall-once
    "$CTL" pull --quiet "$image" >pull.log 2>&1 &
    local pull=$! pid
    eventually partial_bytes
    pid=$(fetcher)
    contains "$(cat "/proc/$pid/status")" $'Seccomp:\t2'
    kill -KILL "$pid"
    status=0
    wait "$pull" || status=$?
    equals "$status" 125
    contains "$(cat pull.log)" "the process that speaks to the registry has ended unexpectedly"
    pulled
    contains "$(cat requests)" "bytes="
}

# filters PID: how many system call filters a process has; one more where sockets are denied.
filters() { sed -n 's/^Seccomp_filters:\t//p' "/proc/$1/status"; }
parent_of() { sed -n 's/^PPid:\t//p' "/proc/$1/status"; }

@test "an artifact is fetched by such a process too, and what writes it has no sockets" {
    evil stall-once
    "$CTL" artifact pull --quiet "$image" >pull.log 2>&1 &
    local pull=$! pid
    eventually partial_bytes
    pid=$(fetcher)
    equals "$(filters "$(parent_of "$pid")")" "$(($(filters "$pid") + 1))"
    kill -KILL "$pid"
    status=0
    wait "$pull" || status=$?
    equals "$status" 125
    contains "$(cat pull.log)" "the process that speaks to the registry has ended unexpectedly"
    equals "$(ctl artifact ls --noheading)" ""
    run_ctl artifact pull --quiet "$image"
    equals "$status" 0
    equals "sha256:$output" "$(ctl artifact inspect --format '{{.Digest}}' "$image")"
    contains "$(cat requests)" "bytes="
    ctl system check
}

@test "so is what is copied from a registry to a file" {
    evil stall-once
    "$CTL" image copy --quiet "docker://$image" dir:out >copy.log 2>&1 &
    local copy=$! pid
    eventually fetcher_is_there
    pid=$(fetcher)
    equals "$(filters "$(parent_of "$pid")")" "$(($(filters "$pid") + 1))"
    kill -KILL "$pid"
    status=0
    wait "$copy" || status=$?
    equals "$status" 125
    ctl image copy --quiet "docker://$image" dir:out
    equals "$(sha256sum out/manifest.json | cut -d' ' -f1)" "$(ctl image inspect --remote --raw "$image" | sha256sum | cut -d' ' -f1)"
}

fetcher_is_there() { [ -n "$(fetcher)" ] && [ "$(filters "$(parent_of "$(fetcher)")")" -gt "$(filters "$(fetcher)")" ]; }

@test "a question to a registry is asked by a process without rights, which makes no store" {
    python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
connection = s.accept()
time.sleep(60)' >port </dev/null 3>&- 4>&- &
    registry_pid=$!
    eventually test -s port
    "$CTL" search --list-tags "127.0.0.1:$(cat port)/x" >search.log 2>&1 3>&- 4>&- &
    local search=$!
    eventually asks
    [ ! -e "$XDG_DATA_HOME/ctl/layers" ]
    kill "$search"
    wait "$search" || true
}

asks() { grep -q $'^Seccomp:\t2' "/proc/$(fetcher)/status"; }

partial_bytes() { [ -s "$(echo "$XDG_DATA_HOME"/ctl/partial/*)" ]; }

@test "a realm in the clear on another host is not asked" { refused realm-elsewhere "not https"; }
@test "a realm that is no URL of the web is refused" { refused realm-file "which is no URL"; }
@test "a registry that wants a login is an error that says so" { refused basic login; }
@test "a redirect to a file is refused" { refused redirect-file "which is no URL"; }
@test "a redirect to plain http on another host is refused" { refused redirect-clear "not https"; }
@test "redirects in a circle come to an end" { refused redirect-loop "redirects more than"; }

@test "a plain http registry that is not on loopback is not spoken to" {
    evil honest
    # 127.0.0.1 by a name that is not a loopback address by its look.
    fails_with 125 https:// pull --quiet "localhost.invalid:${registry#*:}/test/img:1"
}

# self_signed NAME: a certificate for that host, in cert.pem and key.pem.
self_signed() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -addext "subjectAltName=$1" -keyout key.pem -out cert.pem 2>/dev/null
}

@test "a certificate that nobody vouches for is refused, on loopback too, and http is not tried instead" {
    self_signed IP:127.0.0.1
    mkdir reg
    evil honest cert.pem key.pem
    fails_with 125 "$HOME/.config/containers/certs.d/$registry/ca.crt or /etc/containers/certs.d/$registry/ca.crt, or go without by --tls-verify=false" pull --quiet "$image"
    contains "$stderr" certificate
    fails_with 125 "into $T/reg/ca.crt, or go without" pull --quiet --cert-dir "$T/reg" "$image"
    equals "$(cat requests 2>/dev/null)" ""
}

@test "a registry that registries.conf marks insecure may have any certificate" {
    self_signed DNS:elsewhere.invalid
    evil honest cert.pem key.pem
    mkdir -p "$HOME/.config/containers"
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$HOME/.config/containers/registries.conf"
    pulled
}

@test "a certificate is believed when it is vouched for and for this host" {
    self_signed IP:127.0.0.1
    evil honest cert.pem key.pem
    SSL_CERT_FILE=$T/cert.pem pulled
}

@test "a certificate for another host is refused" {
    self_signed DNS:elsewhere.invalid
    evil honest cert.pem key.pem
    export SSL_CERT_FILE=$T/cert.pem
    fails_with 125 "127.0.0.1" pull --quiet "$image"
    equals "$(cat requests 2>/dev/null)" ""
}

@test "registries.conf leads a name to another place" {
    evil honest
    mkdir -p "$HOME/.config/containers"
    printf '[[registry]]\nprefix = "example.invalid"\nlocation = "%s"\n' "$registry" >"$HOME/.config/containers/registries.conf"
    run_ctl pull --quiet example.invalid/test/img:1
    equals "$status" 0
    contains "$(ctl images --format '{{.Repository}}')" example.invalid/test/img
}

@test "a name without registry is resolved to docker.io, and said so once" {
    evil honest
    mkdir -p "$HOME/.config/containers"
    printf '[[registry]]\nprefix = "docker.io/library"\nlocation = "%s/test"\n' "$registry" >"$HOME/.config/containers/registries.conf"
    run_ctl pull img:1
    equals "$status" 0
    equals "$(grep -c 'docker.io/library/img:1' <<<"$stderr")" 1
    contains "$(ctl images --format '{{.Repository}}')" docker.io/library/img
}

@test "a pull that is killed leaves nothing to be seen, and the next one finishes it" {
    need registry
    registry_start "$T/registry"
    registry_push "$(fixture debian-nginx)/layout" test/nginx:1
    local pause pid
    for pause in 0.03 0.06 0.1 0.15 0.2; do
        "$CTL" pull --quiet "$registry/test/nginx:1" >/dev/null 2>&1 &
        pid=$!
        sleep "$pause"
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        local layer
        for layer in "$XDG_DATA_HOME"/ctl/layers/[0-9a-f]*; do
            [ ! -d "$layer" ] || [ -e "$layer/index" ]
        done
    done
    image=$registry/test/nginx:1
    pulled
}
