# registries.conf: mirrors, other locations, blocked and insecure registries, names without registry; and proxies.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    unset CONTAINERS_REGISTRIES_CONF http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY all_proxy ALL_PROXY
    CONF=$HOME/.config/containers
    mkdir -p "$CONF/registries.conf.d"
}
teardown() {
    [ -z "${proxy_pid:-}" ] || { kill "$proxy_pid"; wait "$proxy_pid" 2>/dev/null || true; }
    ctl_teardown
}

# A registry that has test/img:1. OPTIONS as registry_start's.
filled() {
    mkdir -p reg
    registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" test/img:1
    [ $# = 0 ] || { registry_stop; registry_start "$T/reg" "$@"; }
}

proxy() { # [CUT]
    python3 "$BATS_TEST_DIRNAME/proxy.py" "$T" "$@" >proxy.log 2>&1 </dev/null 3>&- 4>&- &
    proxy_pid=$!
    eventually test -e proxy-port
    proxy=127.0.0.1:$(cat proxy-port)
}

names() { ctl images --format '{{.Repository}}:{{.Tag}}'; }

@test "a mirror is asked first, and the registry itself where the mirror has nothing" {
    filled
    cat >"$CONF/registries.conf" <<-END
		[[registry]]
		prefix = "example.invalid"
		location = "$registry"
		[[registry.mirror]]
		location = "$registry/mirror"
	END
    run_ctl pull example.invalid/test/img:1
    equals "$status" 0
    contains "$stderr" "no mirror had it"
    registry_push "$(fixture busybox)/layout" mirror/test/img:1
    run_ctl pull example.invalid/test/img:1
    equals "$status" 0
    lacks "$stderr" "no mirror"
    equals "$(names)" example.invalid/test/img:1
}

@test "a mirror for digests is not asked for tags" {
    filled
    printf '[[registry]]\nlocation = "example.invalid"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "%s"\n' "$registry" >"$CONF/registries.conf"
    run_ctl pull --quiet --retry 0 example.invalid/test/img:1
    equals "$status" 125
    lacks "$stderr" mirrors
    digest=$(curl -sSI -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$registry/v2/test/img/manifests/1" | tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip')
    ctl pull --quiet "example.invalid/test/img@$digest"
}

@test "a blocked registry is refused" {
    filled
    printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$registry" >"$CONF/registries.conf"
    fails_with 125 "is blocked by registries.conf" pull --quiet "$registry/test/img:1"
}

@test "an alias says what a name without registry means, in a drop-in, and the image is then found by either" {
    filled
    printf '[aliases]\n"tool" = "%s/test/img"\n' "$registry" >"$CONF/registries.conf.d/shortnames.conf"
    run_ctl pull tool:1
    equals "$status" 0
    contains "$stderr" "resolved tool:1 to $registry/test/img:1"
    equals "$(names)" "$registry/test/img:1"
    ctl tag tool:1 other
    ctl inspect "$registry/test/img:1" >/dev/null
}

@test "search registries are tried in order, or are a question nobody can answer" {
    filled
    printf 'unqualified-search-registries = ["%s/none", "%s"]\n' "$registry" "$registry" >"$CONF/registries.conf"
    fails_with 125 "short-name-mode" pull --quiet test/img:1
    printf 'short-name-mode = "permissive"\n' >"$CONF/registries.conf.d/mode.conf"
    ctl pull --quiet test/img:1
    equals "$(names)" "$registry/test/img:1"
    fails_with 125 "is in none of the search registries" pull --quiet test/other
    printf 'unqualified-search-registries = []\n' >"$CONF/registries.conf"
    fails_with 125 "name the registry" pull --quiet test/img:2
}

@test "on a terminal the user chooses among the search registries" {
    filled
    printf 'unqualified-search-registries = ["example.invalid", "%s"]\n' "$registry" >"$CONF/registries.conf"
    run python3 "$BATS_TEST_DIRNAME/on_tty.py" --expect 'Which image is meant by test/img:1?' --expect "  2  $registry/test/img:1" --send $'2\n' -- \
        "$CTL" pull test/img:1
    equals "$status" 0
    equals "$(names)" "$registry/test/img:1"
    # The answer is remembered.
    ctl rmi -f "$registry/test/img:1" >/dev/null
    ctl pull --quiet test/img:1
    equals "$(names)" "$registry/test/img:1"
}

@test "CONTAINERS_REGISTRIES_CONF is read in place of the others" {
    filled
    printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$registry" >"$CONF/registries.conf"
    printf '[[registry]]\nprefix = "example.invalid"\nlocation = "%s"\n' "$registry" >other.conf
    CONTAINERS_REGISTRIES_CONF=$T/other.conf ctl pull --quiet example.invalid/test/img:1
}

@test "a key without effect is told once, a malformed file is an error with its name" {
    filled
    printf 'colour = "blue"\n' >"$CONF/registries.conf"
    run_ctl pull "$registry/test/img:1"
    contains "$stderr" "registries.conf: colour is not supported and has no effect"
    run_ctl pull "$registry/test/img:1"
    lacks "$stderr" colour
    printf 'unqualified-search-registries = 3\n' >"$CONF/registries.conf"
    fails_with 125 "registries.conf: unqualified-search-registries: expected" pull --quiet "$registry/test/img:1"
}

@test "pull --all-tags, --policy, --retry" {
    filled
    registry_push "$(fixture busybox)/layout" test/img:2
    run_ctl pull --quiet --all-tags "$registry/test/img"
    equals "$status" 0
    equals "$(names | sort | tr '\n' ' ')" "$registry/test/img:1 $registry/test/img:2 "
    fails_with 125 "tag or a digest" pull --quiet --all-tags "$registry/test/img:1"
    registry_stop
    ctl pull --quiet --policy missing "$registry/test/img:1"
    fails_with 125 "forbids to fetch" pull --quiet --policy never "$registry/test/other"
    run_ctl pull --quiet --retry 1 --retry-delay 100ms "$registry/test/img:1"
    equals "$status" 125
}

@test "containers.conf says how often to try again" {
    filled
    registry_stop
    mkdir -p "$CONF"
    printf '[engine]\nretry = 1\nretry_delay = "soon"\n' >"$CONF/containers.conf"
    fails_with 125 "retry" pull --quiet "$registry/test/img:1"
    printf '[engine]\nretry = 0\nretry_delay = "1s"\n' >"$CONF/containers.conf"
    run_ctl pull --quiet "$registry/test/img:1"
    equals "$status" 125
}

@test "an insecure registry whose name does not resolve is told as that" {
    printf '[[registry]]\nlocation = "nosuch.invalid"\ninsecure = true\n' >"$CONF/registries.conf"
    fails_with 125 "resolve host: nosuch.invalid" pull --retry 0 nosuch.invalid/x
    lacks "$stderr" libcurl
}

@test "--tls-verify against plain http, and a proxy that is not there, are told as what they are" {
    filled
    fails_with 125 "the registry speaks plain http, and https is asked for; --tls-verify=false" pull --quiet --tls-verify "$registry/test/img:1"
    https_proxy=http://user:s3cret@127.0.0.1:9 fails_with 125 "this is the proxy that https_proxy names" pull --quiet --retry 0 registry.test/test/img:1
    lacks "$stderr" s3cret
    printf '[[registry]]\nlocation = "registry.test:5000"\ninsecure = true\n' >"$CONF/registries.conf"
    HTTP_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 fails_with 125 "this is the proxy that http_proxy or HTTP_PROXY names" pull --quiet --retry 0 registry.test:5000/test/img:1
}

@test "http through a proxy, unless no_proxy says otherwise" {
    filled
    proxy
    printf '[[registry]]\nlocation = "registry.test:%s"\ninsecure = true\n' "${registry#*:}" >"$CONF/registries.conf"
    http_proxy=http://$proxy https_proxy=http://$proxy ctl pull --quiet "registry.test:${registry#*:}/test/img:1"
    contains "$(cat proxy-requests)" "GET http://registry.test:${registry#*:}/v2/test/img/manifests/1"
    http_proxy=http://$proxy https_proxy=http://$proxy no_proxy=registry.test run_ctl pull --quiet --retry 0 "registry.test:${registry#*:}/test/img:1"
    equals "$status" 125
}

@test "https through a proxy, which sees no more than the host" {
    filled tls auth
    proxy
    mkdir -p "$CONF/certs.d/registry.test:${registry#*:}" && cp reg/ca.crt "$CONF/certs.d/registry.test:${registry#*:}/"
    https_proxy=http://$proxy ctl pull --quiet --creds tester:s3cret "registry.test:${registry#*:}/test/img:1"
    equals "$(sort -u proxy-requests)" "CONNECT registry.test:${registry#*:}"
    # Never for this machine itself.
    rm proxy-requests
    run_ctl pull --quiet "$registry/test/img:1"
    [ ! -e proxy-requests ]
}

@test "a link that breaks every 300 kB: the pull comes to its end" {
    filled
    proxy 300000
    printf '[[registry]]\nlocation = "registry.test:%s"\ninsecure = true\n' "${registry#*:}" >"$CONF/registries.conf"
    export http_proxy=http://$proxy https_proxy=http://$proxy
    ctl pull --quiet --retry-delay 10ms "registry.test:${registry#*:}/test/img:1"
    [ "$(grep -c blobs proxy-requests)" -gt 3 ]
}
