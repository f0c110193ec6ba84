# login and logout, and who is told the password: against docker-registry with htpasswd and TLS, and against liars.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    unset REGISTRY_AUTH_FILE DOCKER_CONFIG
    AUTH=$XDG_RUNTIME_DIR/containers/auth.json
}

# A registry for tester:s3cret that has test/img:1. OPTIONS as registry_start's.
guarded() {
    mkdir -p reg
    registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" test/img:1
    registry_stop
    registry_start "$T/reg" auth "$@"
}

login() { run --separate-stderr "$CTL" login --username tester --password-stdin "$@" <<<s3cret; }

# basic USER PASSWORD: as in auth.json.
basic() { printf '%s:%s' "$1" "$2" | base64 -w0; }

# auth_file FILE KEY [PASSWORD]: a file as other tools write it.
auth_file() {
    mkdir -p "$(dirname "$1")"
    printf '{"auths": {"%s": {"auth": "%s"}}}' "$2" "$(basic tester "${3:-s3cret}")" >"$1"
}

@test "without a login a pull is refused and says what to do; after login it works; after logout not" {
    guarded
    fails_with 125 "ctl login $registry" pull --quiet "$registry/test/img:1"
    login "$registry"
    equals "$status" 0
    equals "$output" "Login Succeeded!"
    equals "$(stat -c %a "$AUTH")" 600
    equals "$(jq -r ".auths[\"$registry\"].auth" "$AUTH")" "$(basic tester s3cret)"
    ctl pull --quiet "$registry/test/img:1"
    run_ctl logout "$registry"
    equals "$output" "Removed login credentials for $registry"
    fails_with 125 "ctl login" pull --quiet "$registry/test/img:1"
    fails_with 125 "not logged into $registry" logout "$registry"
}

@test "a wrong password is refused and not kept, and is in no message" {
    guarded
    run --separate-stderr "$CTL" login -u tester --password-stdin "$registry" <<<"wr0ng"
    equals "$status" 125
    contains "$stderr" 'invalid username/password'
    lacks "$stderr$output" wr0ng
    [ ! -e "$AUTH" ]
}

@test "--get-login, --verbose, a second login, and no login at all" {
    guarded
    fails_with 125 "not logged into $registry" login --get-login "$registry"
    login --verbose "$registry"
    contains "$output" "Used:  $AUTH"
    equals "$(ctl login --get-login "$registry")" tester
    run_ctl login "$registry"
    equals "$status" 0
    contains "$output" "Existing credentials are valid. Already logged in to $registry"
    contains "$stderr" "Authenticating with existing credentials"
}

@test "a password is not asked for where nobody can answer" {
    guarded
    run --separate-stderr "$CTL" login --username tester "$registry" </dev/null
    equals "$status" 125
    contains "$stderr" "--password-stdin"
    run --separate-stderr "$CTL" login --password-stdin "$registry" <<<s3cret
    equals "$status" 125
    contains "$stderr" "needs --username"
}

@test "on a terminal user and password are asked for, and the password is not shown" {
    guarded
    run --separate-stderr python3 "$BATS_TEST_DIRNAME/on_tty.py" --expect 'Username: ' --send $'tester\n' --expect 'Password: ' --send $'s3cret\n' \
        --expect 'Login Succeeded!' -- "$CTL" login "$registry"
    equals "$status" 0
    lacks "$output" s3cret
    equals "$(ctl login --get-login "$registry")" tester
}

@test "a password can come from a secret" {
    guarded
    printf s3cret | ctl secret create tester - >/dev/null
    run_ctl login --secret tester "$registry"
    equals "$status" 0
    equals "$(ctl login --get-login "$registry")" tester
}

@test "--authfile and REGISTRY_AUTH_FILE name the only file" {
    guarded
    login --authfile "$T/a/auth.json" "$registry"
    equals "$status" 0
    [ ! -e "$AUTH" ]
    fails_with 125 "ctl login" pull --quiet "$registry/test/img:1"
    ctl pull --quiet --authfile "$T/a/auth.json" "$registry/test/img:1"
    REGISTRY_AUTH_FILE=$T/a/auth.json ctl pull --quiet "$registry/test/img:1"
    fails_with 125 "$T/none.json is not there" pull --quiet --authfile "$T/none.json" "$registry/test/img:1"
    REGISTRY_AUTH_FILE=$T/a/auth.json ctl logout "$registry"
    lacks "$(cat "$T/a/auth.json")" "$registry"
    cd "$T"
    for file in here.json sub/here.json; do # from where we are
        login --authfile "$file" "$registry"
        [ -f "$file" ]
        equals "$(ctl login --get-login --authfile "$file" "$registry")" tester
    done
}

@test "auth.json that is a link to a file yet to be made stays a link" {
    guarded
    mkdir -p dotfiles "$(dirname "$AUTH")"
    ln -s "$T/dotfiles/auth.json" "$AUTH"
    login "$registry"
    equals "$status" 0
    [ -L "$AUTH" ]
    contains "$(cat dotfiles/auth.json)" "$registry"
}

@test "logins of other tools are found: ~/.config, Docker's config.json, keys with a scheme" {
    guarded
    auth_file "$HOME/.config/containers/auth.json" "$registry"
    ctl pull --quiet "$registry/test/img:1"
    rm "$HOME/.config/containers/auth.json"
    auth_file "$HOME/.docker/config.json" "https://$registry/v1/"
    ctl pull --quiet "$registry/test/img:1"
    run_ctl logout "$registry"
    equals "$status" 125
    contains "$stderr" "another tool"
    mkdir d && mv "$HOME/.docker/config.json" d/
    DOCKER_CONFIG=$T/d ctl pull --quiet "$registry/test/img:1"
}

@test "the most specific key counts" {
    guarded
    auth_file "$AUTH" "$registry" wrong
    fails_with 125 "invalid username/password" pull --quiet "$registry/test/img:1"
    auth_file one.json "$registry/test"
    jq -s '.[0].auths + .[1].auths | {auths: .}' "$AUTH" one.json >two.json && mv two.json "$AUTH"
    ctl pull --quiet "$registry/test/img:1"
    auth_file one.json "$registry/test/img" wrong
    jq -s '.[0].auths + .[1].auths | {auths: .}' "$AUTH" one.json >two.json && mv two.json "$AUTH"
    fails_with 125 "invalid username/password" pull --quiet "$registry/test/img:1"
}

@test "a login for a namespace, --compat-auth-file, logout --all" {
    guarded
    login "$registry/test"
    equals "$(jq -r '.auths | keys[0]' "$AUTH")" "$registry/test"
    ctl pull --quiet "$registry/test/img:1"
    login --compat-auth-file "$T/docker.json" "$registry"
    equals "$(jq -r '.auths | keys[0]' docker.json)" "$registry"
    run_ctl login --compat-auth-file "$T/docker.json" -u tester -p s3cret "$registry/test"
    equals "$status" 125
    contains "$stderr" "part of a registry"
    equals "$(ctl logout --all)" "Removed login credentials for all registries"
    equals "$(jq -c . "$AUTH")" '{}'
}

@test "what else is in auth.json stays, and several logins at once all arrive" {
    guarded
    mkdir -p "$(dirname "$AUTH")"
    echo '{"auths": {"other.example": {"auth": "eA=="}}, "credHelpers": {"x.example": "none"}}' >"$AUTH"
    local i pids=()
    for i in 1 2 3 4; do
        login "$registry/n$i" &
        pids+=($!)
    done
    wait "${pids[@]}"
    equals "$(jq -r '.auths | keys | length' "$AUTH")" 5
    equals "$(jq -r '.credHelpers["x.example"]' "$AUTH")" none
}

# A helper that keeps its passwords in a file, as docker-credential-NAME.
helper() {
    mkdir -p bin
    cat >"bin/docker-credential-$1" <<-'END'
		#!/bin/sh
		store=$(dirname "$0")/../helper.json
		echo "$1 $#" >>"$(dirname "$0")/../helper.log"
		case $1 in
		get) read -r server; [ "$server" = "$(jq -r .ServerURL "$store" 2>/dev/null)" ] && cat "$store" && exit
		     echo "credentials not found in native keychain"; exit 1 ;;
		store) cat >"$store" ;;
		erase) rm -f "$store" ;;
		list) echo '{}' ;;
		esac
	END
    chmod 755 "bin/docker-credential-$1"
    export PATH=$T/bin:$PATH
}

@test "credHelpers keeps the password for its registry, and gets it by stdin alone" {
    guarded
    helper box
    mkdir -p "$(dirname "$AUTH")"
    printf '{"credHelpers": {"%s": "box"}}' "$registry" >"$AUTH"
    login --verbose "$registry"
    equals "$status" 0
    contains "$output" "docker-credential-box"
    lacks "$(cat "$AUTH")" auths
    equals "$(jq -r .Secret helper.json)" s3cret
    ctl pull --quiet "$registry/test/img:1"
    equals "$(sort -u helper.log | tr '\n' ' ')" "get 1 store 1 "
    run_ctl logout "$registry"
    equals "$status" 0
    [ ! -e helper.json ]
}

@test "credsStore of Docker's config.json is asked" {
    guarded
    helper box
    mkdir -p "$HOME/.docker"
    printf '{"ServerURL": "%s", "Username": "tester", "Secret": "s3cret"}' "$registry" >helper.json
    printf '{"auths": {"%s": {}}, "credsStore": "box"}' "$registry" >"$HOME/.docker/config.json"
    ctl pull --quiet "$registry/test/img:1"
}

@test "a helper that is missing, that others can write, or whose name is a path is an error, not a pull by nobody" {
    guarded
    mkdir -p "$(dirname "$AUTH")"
    printf '{"credHelpers": {"%s": "gone"}}' "$registry" >"$AUTH"
    fails_with 125 "docker-credential-gone is not in any directory" pull --quiet "$registry/test/img:1"
    helper gone
    chmod 777 bin/docker-credential-gone
    fails_with 125 "nobody else may write it" pull --quiet "$registry/test/img:1"
    printf '{"credHelpers": {"%s": "../../bin/x"}}' "$registry" >"$AUTH"
    fails_with 125 "is no name of a credential helper" pull --quiet "$registry/test/img:1"
}

@test "a file that cannot be understood is an error that tells no secret" {
    guarded
    mkdir -p "$(dirname "$AUTH")"
    printf '{"auths": {"%s": {"auth": "czNjcmV0"}}}' "$registry" >"$AUTH"
    run_ctl pull --quiet "$registry/test/img:1"
    equals "$status" 125
    contains "$stderr" "not user:password in base64"
    lacks "$stderr" czNjcmV0
}

@test "--creds is for one command, and run has --authfile" {
    guarded
    ctl pull --quiet --creds tester:s3cret "$registry/test/img:1"
    [ ! -e "$AUTH" ]
    ctl rmi -f "$registry/test/img:1" >/dev/null
    auth_file one.json "$registry"
    need overlay
    equals "$(ctl run --rm --quiet --authfile one.json "$registry/test/img:1" echo hello)" hello
}

@test "a broken auth.json is an error with the file and the place" {
    mkdir -p "$HOME/.config/containers" && printf '{\n"auths": nothing}\n' >"$HOME/.config/containers/auth.json"
    fails_with 125 "auth.json: not valid JSON: unexpected \"o\" at line 2, column 11" pull --quiet --retry 0 127.0.0.1:1/x
}

@test "certs.d: an authority for one registry; --cert-dir; and without either the certificate is refused" {
    guarded tls
    fails_with 125 certificate pull --quiet --creds tester:s3cret "$registry/test/img:1"
    ctl pull --quiet --creds tester:s3cret --tls-verify=false "$registry/test/img:1"
    mkdir -p "$HOME/.config/containers/certs.d/$registry" && cp reg/ca.crt "$HOME/.config/containers/certs.d/$registry/"
    login "$registry"
    equals "$status" 0
    ctl pull --quiet --tls-verify "$registry/test/img:1"
    rm -r "$HOME/.config/containers/certs.d"
    mkdir certs && cp reg/ca.crt certs/
    ctl pull --quiet --cert-dir certs "$registry/test/img:1"
    fails_with 125 "--cert-dir" pull --quiet --cert-dir nowhere "$registry/test/img:1"
}

@test "certs.d: a certificate of ours is shown to a registry that wants one" {
    guarded tls clients
    local dir=$HOME/.config/containers/certs.d/$registry
    mkdir -p "$dir" && cp reg/ca.crt "$dir/"
    run_ctl pull --quiet --retry 0 --creds tester:s3cret "$registry/test/img:1"
    equals "$status" 125
    cp reg/client.cert "$dir/"
    fails_with 125 "missing key $dir/client.key" pull --quiet --creds tester:s3cret "$registry/test/img:1"
    cp reg/client.key "$dir/"
    ctl pull --quiet --creds tester:s3cret "$registry/test/img:1"
}

@test "--tls-verify forbids plain http on this machine too, and --tls-verify=false allows it" {
    guarded
    login --tls-verify "$registry"
    equals "$status" 125
    login --tls-verify=false "$registry"
    equals "$status" 0
}
