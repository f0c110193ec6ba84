#!/bin/bash
# Published ports against a direct loopback connection and, where there is one, against pasta's splice path.
#
#   tests/bench/forward/run.sh BUILD [SECONDS] [ROUNDS]
#
# Runs as an ordinary user, in a network namespace of its own ("host") with another one inside ("container"), so no
# traffic leaves it and nothing of the machine's network plays a part. Put pasta on the PATH to have it measured.
set -euo pipefail
bench=$(realpath "$1")/tests/bench/forward/forward_bench
if [ -z "${FORWARD_BENCH_HOST:-}" ]; then
    exec env FORWARD_BENCH_HOST=1 unshare -Urn "$0" "$@"
fi
seconds=${2:-2} rounds=${3:-5} started=()
trap 'kill "${started[@]}" 2>/dev/null; wait' EXIT

start() { "$@" & started+=($!); }
listening() { # PORT, by the last thing started
    until ss -Hltn "sport = :$1" | grep -q .; do
        kill -0 "${started[-1]}" || { echo "run.sh: nobody listens on port $1" >&2; exit 1; }
        sleep 0.05
    done
}

ip link set lo up
ip link add uplink type veth peer name nowhere && ip addr add 192.168.99.2/24 dev uplink # pasta wants a template
ip link set nowhere up && ip link set uplink up
ip route add default via 192.168.99.1

start "$bench" serve 8000
start unshare -Urn "$bench" serve 8000
container=${started[-1]}
until [ "$(readlink "/proc/$container/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
listening 8000

start "$bench" forward 8001 8000 "$container"
cases=(direct=8000 "ctl=8001:${started[-1]}")
listening 8001
if command -v pasta >/dev/null; then
    start pasta -f -q --config-net -t 127.0.0.1/8002:8000 -T none -u none -U none "$container"
    cases+=("pasta=8002:${started[-1]}")
    listening 8002
else
    echo "pasta is not here: not measured"
fi
sleep 0.5
echo "load before: $(cat /proc/loadavg), $(nproc) CPUs, Linux $(uname -r), $(cat /proc/sys/net/ipv4/tcp_congestion_control)"
"$bench" load "$seconds" "$rounds" "${cases[@]}"
