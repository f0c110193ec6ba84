# shellcheck shell=bash
# What every .bats file starts from (`load helper`): a home, a data root and a runtime directory of the test's own, helpers
# to call ctl, and a teardown that proves that nothing is left. Run the files through run.py (or `meson test --suite cli`).
bats_require_minimum_version 1.5.0

# ---- one test's world

setup() { ctl_setup; }
teardown() { ctl_teardown; }

ctl_setup() {
    T=$(mktemp -d /tmp/ct.XXXXXX) # short: paths of Unix sockets end at 107 bytes
    export T HOME=$T/home XDG_DATA_HOME=$T/data XDG_RUNTIME_DIR=$T/run
    # The whole suite runs over ctl's own overlay where the caller says so: CTL_TEST_STORAGE_DRIVER=fuse.
    if [ -n "${CTL_TEST_STORAGE_DRIVER:-}" ]; then export CTL_STORAGE_DRIVER=$CTL_TEST_STORAGE_DRIVER; fi
    mkdir -m 0700 "$HOME" "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"
    cd "$T" || return 1
    umask 022 # modes are compared, and some systems give a user 002
}

ctl_teardown() {
    local ids failed=0
    [ -n "${T:-}" ] && [ -d "$T" ] || return 0
    if [ -n "${registry_pid:-}" ]; then registry_stop; fi
    if ids=$("$CTL" ps --all --quiet 2>/dev/null) && [ -n "$ids" ]; then
        # shellcheck disable=SC2086
        "$CTL" rm --force --volumes --time 0 $ids >/dev/null || failed=1
    fi
    no_processes_left || failed=1
    if grep -F " $T" /proc/self/mountinfo; then
        echo "teardown: mounts are left in the host's namespace (above)"
        failed=1
    fi
    cd / && remove_tree "$T" || failed=1
    return $failed
}

# Removes a directory that may hold files of the subordinate ids.
remove_tree() {
    rm -rf "$1" 2>/dev/null || unshare --user --map-root-user --map-auto rm -rf "$1"
}

# The processes that lost their parent in this file's tests: children of run.py other than bats itself.
orphans() {
    local me=$$ parent
    while parent=$(ps -o ppid= -p "$me" | tr -d ' ') && [ "$parent" != "$CTL_TEST_REAPER" ] && [ "$parent" -gt 1 ]; do me=$parent; done
    pgrep -P "$CTL_TEST_REAPER" --runstates DRSTt | grep -vx "$me"
}

no_processes_left() {
    local left
    [ -n "${CTL_TEST_REAPER:-}" ] || return 0
    for _ in $(seq 50); do
        left=$(orphans) || return 0
        sleep 0.1
    done
    echo "teardown: processes are left:"
    # shellcheck disable=SC2086
    ps -o pid,ppid,stat,args -p "$(echo $left | tr ' ' ,)"
    # shellcheck disable=SC2086
    kill -KILL $left
    return 1
}

# ---- what the machine can do

can_userns() { unshare --user --map-root-user --map-auto true 2>/dev/null; }
can_overlay() {
    mkdir -p "$T/probe/"{l,u,w,m}
    unshare --user --map-root-user --map-auto --mount \
        mount -t overlay overlay -o "userxattr,lowerdir=$T/probe/l,upperdir=$T/probe/u,workdir=$T/probe/w" "$T/probe/m" 2>/dev/null
}
can_fuse() { [ -r /dev/fuse ] && [ -w /dev/fuse ]; }
can_tun() { [ -r /dev/net/tun ] && [ -w /dev/net/tun ]; }
can_registry() { command -v docker-registry >/dev/null || [ -x "${CTL_FIXTURE_DOCKER_REGISTRY:-}/docker-registry" ]; }

# need WHAT...: skips the test, saying why, where the machine lacks one of userns, overlay, fuse, tun, registry. What
# $CTL_TEST_REQUIRE lists must be there: CI shall not turn green by skipping.
need() {
    local what
    for what in "$@"; do
        "can_$what" && continue
        case " ${CTL_TEST_REQUIRE:-} " in
        *" $what "*) echo "this machine has to have $what and does not"; return 1 ;;
        esac
        skip "no $what on this machine"
    done
}

# ---- calling ctl

ctl() { "$CTL" "$@"; }

# run_ctl ARGS...: bats' run with stderr apart ($output, $stderr, $status).
run_ctl() { run --separate-stderr "$CTL" "$@"; }

# load_image NAME: an image of tests/fixtures into the store; sets IMG to its name there.
load_image() {
    ctl load --quiet --input "$(fixture "$1")/docker.tar" >/dev/null
    # shellcheck disable=SC2034
    IMG=localhost/$1:latest
}

fixture() {
    local name=CTL_FIXTURE_${1^^}
    name=${name//-/_}
    echo "${!name}"
}

# What nearly every test needs: user namespaces, overlay, and the busybox image as $IMG.
setup_busybox() {
    [ -n "${T:-}" ] || ctl_setup
    need userns overlay
    load_image busybox
}

# ---- saying what is expected

# fails_with STATUS TEXT ARGS...: ctl fails with that status and exactly one line, "ctl: …", that contains TEXT.
fails_with() {
    local status_expected=$1 text=$2
    shift 2
    run_ctl "$@"
    equals "$status" "$status_expected"
    # shellcheck disable=SC2154
    contains "$stderr" "$text"
    contains "$stderr" "ctl: "
    equals "$(printf '%s\n' "$stderr" | wc -l)" 1
}

equals() {
    [ "$1" = "$2" ] || { printf 'is:       %s\nexpected: %s\nstderr:   %s\n' "$1" "$2" "${stderr:-}"; return 1; }
}
contains() {
    case $1 in *"$2"*) ;; *) printf 'in:      %s\nmissing: %s\n' "$1" "$2"; return 1 ;; esac
}
lacks() {
    case $1 in *"$2"*) printf 'in:         %s\nunexpected: %s\n' "$1" "$2"; return 1 ;; esac
}

# eventually COMMAND...: until it succeeds, at most ten seconds.
eventually() {
    for _ in $(seq 100); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "never happened: $*"
    "$@"
}

# A TCP port on 127.0.0.1 that nobody listens on.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

state_of() { ctl inspect --format '{{.State.Status}}' "$1"; }
is_running() { [ "$(state_of "$1")" = running ]; }
is_exited() { [ "$(state_of "$1")" = exited ]; }
