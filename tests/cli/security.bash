# shellcheck shell=bash
# What the regression tests of escapes share (the rows of the catalogue in security.md; ids in the tests' names): a canary
# of the user's that nothing may touch or read, hostile images, and a racer that exchanges a directory with a link.

# plant_canary: files of the user's with a random secret; remembers what they and the directories around them look like.
plant_canary() {
    CANARY=$HOME/canary
    SECRET=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
    mkdir -p "$CANARY/dir"
    echo "$SECRET" >"$CANARY/secret"
    chmod 600 "$CANARY/secret"
    canary_before=$(canary_state)
}

# Content, mode, owner, time and inode of everything in $HOME, and the names beside it.
canary_state() {
    find "$HOME" -printf '%p %m %U %T@ %i %l\n' | sort
    find "$HOME" -type f -exec sha256sum {} + | sort
    ls -A "$T" | grep -v '^tmp\.'
    ls -A /dev/shm
}

# Nothing of the user's was touched, and the secret was never shown in the last command's output or in any log.
canary_untouched() {
    equals "$(canary_state)" "$canary_before"
    lacks "${output:-}${stderr:-}" "$SECRET"
    # shellcheck disable=SC2046
    ! find "$XDG_DATA_HOME" -name 'ctr.log' -exec grep -l "$SECRET" {} + 2>/dev/null | grep .
}

# evil_image NAME [CONFIG]: localhost/NAME:latest from the entries on standard input (JSON objects as of mkimg.py, one a
# line), on top of a busybox; CONFIG is the image's "config" object.
evil_image() {
    local work
    work=$(mktemp -d "$T/tmp.XXXXXX")
    {
        for applet in sh ls cat stat readlink mount id env touch true sleep ln rm mkdir chmod grep head wc find test od tty; do
            printf '{"path":"bin/%s","type":"symlink","link":"busybox"}\n' $applet
        done
        printf '{"path":"bin/busybox","mode":"0755","from":"%s"}\n' "$(readlink -f "$(command -v busybox)")"
    } | jq -cs '{entries: .}' >"$work/base"
    jq -cs '{entries: .}' >"$work/evil"
    jq -n --slurpfile base "$work/base" --slurpfile evil "$work/evil" --argjson config "${2:-{\}}" \
        '{layers: ($base + $evil), config: ({Env: ["PATH=/bin"], Cmd: ["sh"]} + $config)}' >"$work/spec"
    "$CTL_TEST_MKIMG" build "$work/spec" "$work/layout"
    "$CTL_TEST_MKIMG" docker-archive "$work/layout" "$work/evil.tar" "localhost/$1:latest"
    ctl load --quiet --input "$work/evil.tar" >/dev/null
    rm -rf "$work"
}

# race A B: exchanges two names over and over until race_stop.
race() {
    python3 - "$1" "$2" <<-'END' 3>&- 4>&- &
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		one, two = map(os.fsencode, sys.argv[1:])
		parent = os.getppid()
		while os.getppid() == parent:
		    libc.renameat2(-100, one, -100, two, 2)
	END
    racer=$!
}

race_stop() {
    kill "$racer" 2>/dev/null || true
    wait "$racer" 2>/dev/null || true
    racer=
}

# How often a race is run; the full campaign sets more.
races() { seq "${CTL_TEST_RACES:-25}"; }

# started_or_refused ARGS...: the run succeeds, or ctl (not a signal) refuses it.
started_or_refused() {
    run_ctl "$@"
    case $status in
    0 | 125 | 126 | 127) ;;
    *) echo "exit status $status: $stderr"; return 1 ;;
    esac
}
