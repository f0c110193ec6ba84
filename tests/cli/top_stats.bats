# top and stats: the processes of a container and what they use, seen from outside.
load helper
setup() { setup_busybox; }

@test "top shows the processes with Podman's default columns" {
    ctl run -d --name box "$IMG" sh -c 'sleep 1000 & exec sleep 2000' >/dev/null
    eventually bash -c '"$CTL" top box | grep -q "sleep 1000"'
    run_ctl top box
    equals "$(head -n1 <<<"$output" | tr -s ' ')" "USER PID PPID %CPU ELAPSED TTY TIME COMMAND"
    equals "$(sed -n '2,$p' <<<"$output" | awk '{print $1, $2, $3, $NF}' | sort)" $'root 1 0 2000\nroot 2 1 1000'
}

@test "top translates ids and names, inside and outside" {
    ctl run -d --name box -u app --cap-drop all "$IMG" sleep 1000 >/dev/null
    run_ctl top box user,pid huser hpid capeff capbnd seccomp groups args
    equals "$(head -n1 <<<"$output" | tr -s ' ')" "USER PID HUSER HPID EFFECTIVE CAPS BOUNDING CAPS SECCOMP GROUPS COMMAND"
    read -r user pid huser hpid capeff capbnd seccomp groups args <<<"$(sed -n 2p <<<"$output")"
    equals "$user $pid $capeff $capbnd $seccomp $groups $args" "app 1 none none filter app,crew,mates sleep 1000"
    equals "$hpid" "$(ctl inspect --format '{{.State.Pid}}' box)"
    equals "$(stat -c %u "/proc/$hpid")" "$huser"
}

@test "top understands ps's codes and habits, and names what it does not know" {
    ctl run -d --name box "$IMG" sleep 1000 >/dev/null
    equals "$(ctl top box %p %c | tail -n1 | tr -s ' ')" "1 sleep"
    equals "$(ctl top box -eo pid,comm | tail -n1 | tr -s ' ')" "1 sleep"
    contains "$(ctl top box -- aux)" "COMMAND"
    equals "$(ctl top --latest comm | tail -n1)" sleep
    fails_with 125 "--latest" top
    fails_with 125 "unknown column \"bogus\"; known are args" top box bogus
    ctl kill box
    ctl wait box
    run_ctl top box
    equals "$status" 125
    contains "$stderr" "not running"
}

@test "top includes what exec started and looks past --init" {
    ctl run -d --init --name box "$IMG" sleep 1000 >/dev/null
    ctl exec -d box sleep 3000
    eventually bash -c '"$CTL" top box args | grep -q "sleep 3000"'
    run_ctl top box ppid args
    contains "$output" "ctl-init"
    contains "$output" "sleep 1000"
}

@test "top runs nothing of the container" {
    # Row A5 of security.md (CVE-2022-1227).
    ctl run -d --name box "$IMG" sleep 1000 >/dev/null
    ctl exec box sh -c 'for f in ps nsenter getent sh; do rm /bin/$f; printf "#!/bin/busybox touch /pwned\n" >/bin/$f; /bin/busybox chmod 755 /bin/$f; done'
    ctl top box >/dev/null
    ctl stats --no-stream box >/dev/null
    run_ctl exec box /bin/busybox test -e /pwned
    equals "$status" 1
}

@test "stats reports memory, processes and processor time of running containers" {
    ctl run -d --name busy "$IMG" sh -c 'while :; do :; done' >/dev/null
    ctl run -d --name idle "$IMG" sleep 1000 >/dev/null
    ctl create --name still "$IMG" true >/dev/null
    eventually bash -c '[ "$("$CTL" stats --no-stream --format "{{.CPUNano}}" busy)" -gt 0 ]'
    run_ctl stats --no-stream
    equals "$(head -n1 <<<"$output" | tr -s ' ')" "ID NAME CPU % MEM USAGE / LIMIT MEM % NET IO BLOCK IO PIDS CPU TIME AVG CPU %"
    contains "$output" busy
    contains "$output" idle
    lacks "$output" still
    contains "$(ctl stats --no-stream --all)" still
    equals "$(ctl stats --no-stream --format '{{.PIDs}}' idle)" 1
    [ "$(ctl stats --no-stream --format '{{.CPU}}' idle | cut -d. -f1)" -lt 50 ]
}

@test "stats as json has Podman's members, and -- where there is nothing to say" {
    ctl run -d --name idle "$IMG" sleep 1000 >/dev/null
    equals "$(ctl stats --no-stream --format json idle | jq -c '.[0] | keys')" \
        '["avg_cpu","block_io","cpu_percent","cpu_time","id","mem_percent","mem_usage","name","net_io","pids"]'
    equals "$(ctl stats --no-stream --format json idle | jq -r '.[0].mem_percent')" --
    ctl kill idle
    ctl wait idle
    equals "$(ctl stats --no-stream --format json --all | jq -r '.[0] | .mem_usage, .pids')" $'-- / --\n--'
    fails_with 125 "nobody" stats --no-stream nobody
}

@test "stats goes on until the containers it was asked about have ended" {
    ctl run -d --name short "$IMG" sleep 1000 >/dev/null
    "$CTL" stats --interval 1 --no-reset short >out &
    local pid=$!
    eventually bash -c '[ "$(grep -c short out)" -ge 2 ]'
    ctl kill short
    wait $pid
}
