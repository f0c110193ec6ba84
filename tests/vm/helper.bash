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

# ---- power cuts in the middle of changes to the store

# Changes it from here on until the machine has no more power: returns when the first round is over.
churn_store() {
    rm -f "$HOME/churned"
    systemd-run --user --quiet --collect --unit "churn-$$" --setenv PATH="$PATH" --setenv IMAGES="$IMAGES" bash -c '
        for ((round = 0; ; ++round)); do
            ctl load --quiet --input "$IMAGES/busybox.tar"
            ctl run --name "churn$round" --network none busybox sh -c "dd if=/dev/urandom of=/random bs=64k count=20; rm /etc/group"
            ctl commit --quiet "churn$round" "churned:$round"
            ctl rm "churn$round"
            [ $((round % 3)) != 0 ] || ctl rmi --force busybox
            [ $((round % 2)) != 0 ] || ctl rmi "churned:$((round - 1))"
            touch "$HOME/churned"
        done'
    eventually test -e "$HOME/churned"
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
}

kept_is_there() {
    equals "$(ctl run --rm --network none kept sh -c 'nginx -v 2>&1 | cut -d/ -f1')" "nginx version: nginx"
    equals "$(ctl cp kept:/file - | tar xO)" said
}

images_work() {
    local id
    for id in $(ctl images --quiet --no-trunc | sort -u); do
        ctl run --rm --network none "$id" true || { ctl images; return 1; }
    done
}

