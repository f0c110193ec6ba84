# shellcheck shell=bash
# What the security regression tests add to helper.bash: hostile images, a canary nobody may touch, and the racer.
# The rows A1, B4 … are those of the catalogue that docs name: one past hole of a container engine each, by its CVE.
load helper

# How often a race is tried; nightly runs ask for more.
RACES=${CTL_TEST_RACES:-60}

setup_canary() {
    setup_busybox
    mkdir -m 0755 "$HOME/canary" "$HOME/canary/dir" "$T/shared" "$T/inner"
    SECRET=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    install -m 0644 /dev/null "$HOME/canary/file"
    echo "$SECRET" >"$HOME/canary/secret"
    chmod 0600 "$HOME/canary/secret"
    CANARY=$(canary_state)
}

# Names, kinds, modes, owners, sizes, times and contents below the canary and of the home's first level.
canary_state() {
    { find "$HOME/canary" -printf '%P %y %m %u %s %T@ %l\n' | sort; ls -A "$HOME"; find "$HOME/canary" -type f -exec sha256sum {} +; } | sha256sum
}

untouched() {
    equals "$(canary_state)" "$CANARY" || { find "$HOME/canary" -ls; return 1; }
    lacks "${output:-}${stderr:-}" "$SECRET"
}

# hostile_image NAME ENTRIES [CONFIG]: busybox with a further layer of ENTRIES (a JSON list), loaded; sets IMG.
hostile_image() {
    local blob
    if [ ! -e "$T/base.tar" ]; then
        blob=$(jq -r '.manifests[0].digest' "$(fixture busybox)/layout/index.json")
        blob=$(jq -r '.layers[0].digest' "$(fixture busybox)/layout/blobs/sha256/${blob#sha256:}")
        zcat "$(fixture busybox)/layout/blobs/sha256/${blob#sha256:}" >"$T/base.tar"
    fi
    jq -n --arg tar "$T/base.tar" --argjson entries "$2" --argjson config "${3:-"{}"}" \
        '{layers: [{tar: $tar}, {entries: $entries}], config: ({Cmd: ["sh"], Env: ["PATH=/bin"]} + $config)}' >"$T/$1.json"
    python3 "$CTL_TEST_MKIMG" build "$T/$1.json" "$T/$1.layout"
    python3 "$CTL_TEST_MKIMG" docker-archive "$T/$1.layout" "$T/$1.tar" "localhost/$1:latest"
    ctl load --quiet --input "$T/$1.tar" >/dev/null
    # shellcheck disable=SC2034
    IMG=localhost/$1:latest
}

symlink() { jq -nc --arg path "$1" --arg link "$2" '{path: $path, type: "symlink", link: $link}'; }
entry() { jq -nc --arg path "$1" --arg type "$2" '{path: $path, type: $type}'; }

# ends_cleanly ARGS...: ctl ends within 20 s, by itself, and a failure of ours is one line. Sets $status, $output, $stderr.
ends_cleanly() {
    status=0
    output=$(timeout 20 "$CTL" "$@" 2>"$T/stderr") || status=$?
    stderr=$(<"$T/stderr")
    [ "$status" -ne 124 ] || { echo "hangs: ctl $*"; return 1; }
    [ "$status" -lt 128 ] || { echo "ended by a signal ($status): ctl $*"; return 1; }
    [ "$status" -ne 125 ] || equals "$(wc -l <<<"$stderr")" 1
}

# swap_forever A B: exchanges two names as fast as it can, until killed. Sets SWAPPER.
swap_forever() {
    python3 - "$1" "$2" 3>&- <<-'END' &
		import ctypes, os, sys
		libc, (a, b) = ctypes.CDLL(None), [os.fsencode(p) for p in sys.argv[1:3]]
		parent = os.getppid()
		while os.getppid() == parent:
		    for _ in range(1000):
		        libc.renameat2(-100, a, -100, b, 2)
	END
    SWAPPER=$!
}
stop_swapping() {
    kill "$SWAPPER"
    wait "$SWAPPER" || true
}
