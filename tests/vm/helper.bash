# shellcheck shell=bash
# What the tests inside the machine share.
bats_require_minimum_version 1.5.0

equals() {
    [ "$1" = "$2" ] || { printf 'is:       %s\nexpected: %s\n' "$1" "$2"; return 1; }
}
contains() {
    case $1 in *"$2"*) ;; *) printf 'in:      %s\nmissing: %s\n' "$1" "$2"; return 1 ;; esac
}
at_most() {
    [ "$1" -le "$2" ] || { echo "$1 is more than $2"; return 1; }
}
more_than() {
    [ "$1" -gt "$2" ] || { echo "$1 is not more than $2"; return 1; }
}

# eventually COMMAND...: until it succeeds, at most thirty seconds: the machine is slow.
eventually() {
    for _ in $(seq 150); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    echo "never happened: $*"
    "$@"
}

no_scope_left() { [ -z "$(systemctl --user list-units --all --plain --no-legend 'ctl-*.scope')" ]; }
no_cgroup_left() { [ -z "$(find /sys/fs/cgroup/user.slice/user-1000.slice -name 'ctl-*')" ]; }

# The number after a key of a flat keyed control file: FILE KEY.
value_of() { awk -v key="$2" '$1 == key { print $2 }' "$1"; }

# Directory of a running container's cgroup.
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(ctl inspect -f '{{.State.Pid}}' "$1")/cgroup")"; }

uptime_us() { awk '{ printf "%d", $1 * 1000000 }' /proc/uptime; }

remove_containers() {
    local ids
    ids=$(ctl ps --all --quiet)
    # shellcheck disable=SC2086
    [ -z "$ids" ] || ctl rm --force --time 0 $ids >/dev/null
}

# Of all containers: no process of ours or theirs, no scope, no cgroup, no mount in the host's namespace.
no_process_left() { [ -z "$(leftovers)" ]; }
leftovers() { ps -eo uid,pid,args --no-headers | awk '($1 >= 100000 && $1 < 165536) || $3 == "ctl:" || $3 ~ /\/ctl(-scope|-image)?$/'; }
nothing_left() {
    eventually no_process_left || { leftovers; return 1; }
    eventually no_scope_left
    eventually no_cgroup_left
    if grep -F "$HOME" /proc/self/mountinfo; then echo "mounts are left (above)"; return 1; fi
}
