#!/usr/bin/env python3
"""The measuring part of startup, run in the peers' root: interleaved rounds, medians, ratios, as a Markdown table."""
import argparse
import os
import platform
import subprocess
import sys
import time

CTL = "/bench/install/usr/local/bin/ctl"
IMAGE = "localhost/busybox:latest"
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
TOOLS = {"podman": ["podman"], "ctl": [CTL]}
# What is timed: its name, the words, how many containers exist meanwhile.
CASES = [
    ("run --rm --network=none IMG true", ["run", "--rm", "--network=none", IMAGE, "true"]),
    ("run --rm IMG true", ["run", "--rm", IMAGE, "true"]),
    ("exec C true", ["exec", "bench-on", "true"]),
    ("inspect C", ["inspect", "bench-on"]),
    ("ps", ["ps"]),
    ("ps -a", ["ps", "-a"]),
    ("--version", ["--version"]),
]


def call(tool, words):
    """One command; its wall time in milliseconds."""
    start = time.perf_counter()
    done = subprocess.run([*TOOLS[tool], *words], check=False, **QUIET)
    spent = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        sys.exit(f"{tool} {' '.join(words)}: exit {done.returncode}\n{done.stderr.decode()}")
    return spent


def rounds(count, cases):
    """Times of each (tool, case) over `count` interleaved rounds, the first (cold) one left out."""
    times = {(tool, name): [] for tool in TOOLS for name, _ in cases}
    for number in range(count + 1):
        for name, words in cases:
            # Whoever goes first in a round is the other one in the next.
            for tool in sorted(TOOLS, reverse=number % 2 == 1):
                spent = call(tool, words)
                if number:
                    times[tool, name].append(spent)
    return times


def at_once(words, count):
    """`count` copies of a command started together; milliseconds until the last has ended."""
    start = time.perf_counter()
    running = [subprocess.Popen(words, **{**QUIET, "stderr": subprocess.DEVNULL}) for _ in range(count)]
    failed = sum(process.wait() != 0 for process in running)
    spent = (time.perf_counter() - start) * 1000
    if failed:
        sys.exit(f"{failed} of {count} failed: {' '.join(words)}")
    return spent


def parallel(rounds_wanted, count=64):
    """How much slower a run gets among 64: per run, against a single one, and the same for bare namespaces."""
    bare = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup", "true"]
    run = ["run", "--rm", "--network=none", IMAGE, "true"]
    contenders = {"bare `unshare … true`": bare, "ctl run": [CTL, *run], "podman run": ["podman", *run]}
    print(f"\n| {count} at once | one alone, ms | per run, ms | slow-down | against bare |\n|---|---|---|---|---|", flush=True)
    alone, among = {name: [] for name in contenders}, {name: [] for name in contenders}
    for number in range(rounds_wanted + 1):
        for name, words in contenders.items():
            one, many = median([at_once(words, 1) for _ in range(3)]), at_once(words, count) / count
            if number:
                alone[name].append(one)
                among[name].append(many)
    factors = {name: median([m / a for m, a in zip(among[name], alone[name])]) for name in contenders}
    for name, factor in factors.items():
        print(f"| {name} | {median(alone[name]):.1f} | {median(among[name]):.1f} | {factor:.2f} | "
              f"{factor / next(iter(factors.values())):.2f} × |", flush=True)


def median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def row(name, times, key):
    podman, ctl = times["podman", key], times["ctl", key]
    middle = [median(podman), median(ctl)]
    spread = [f"{min(t):.1f}–{max(t):.1f}" for t in (podman, ctl)]
    print(f"| `{name}` | {middle[0]:.1f} ({spread[0]}) | {middle[1]:.1f} ({spread[1]}) | {middle[0] / middle[1]:.1f} × |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--thousand", action="store_true", help="ps with 1,000 containers too, which takes minutes to set up")
    parser.add_argument("--parallel", type=int, metavar="ROUNDS", default=0, help="64 runs at once too, as many rounds")
    arguments = parser.parse_args()
    count = arguments.rounds
    os.environ["XDG_DATA_HOME"] = f"/home/bench/.data-{os.getpid()}"
    subprocess.run(["podman", "load", "-q", "-i", "/bench/busybox.tar"], check=True, **QUIET)
    subprocess.run([CTL, "load", "-q", "-i", "/bench/busybox.tar"], check=True, **QUIET)
    version = subprocess.run(["podman", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(f"{version}; kernel {platform.release()}, {os.cpu_count()} processors; {count} rounds")
    print("\n| command | Podman, ms: median (least–most) | ctl, ms: median (least–most) | ratio |\n|---|---|---|---|", flush=True)
    try:
        for tool in TOOLS:
            call(tool, ["run", "-d", "--name", "bench-on", IMAGE, "sleep", "100000"])
        times = rounds(count, CASES)
        for name, _ in CASES:
            row(name + (" (1 container)" if name.startswith("ps") else ""), times, name)
        if arguments.parallel:
            parallel(arguments.parallel)
            print("\n| command | Podman, ms: median (least–most) | ctl, ms: median (least–most) | ratio |\n|---|---|---|---|")
        made = 1
        for total in (20, 100, *([1000] if arguments.thousand else [])):
            for tool in TOOLS:
                for number in range(made, total):
                    call(tool, ["create", "--name", f"bench-{number}", IMAGE, "true"])
            made = total
            times = rounds(count, [("ps -a", ["ps", "-a"])])
            row(f"ps -a ({total} containers)", times, "ps -a")
    finally:
        for tool in TOOLS.values():
            subprocess.run([*tool, "rm", "-f", "-a", "-t", "0"], check=False, **QUIET)
        subprocess.run(["podman", "system", "reset", "-f"], check=False, **QUIET)
        subprocess.run(["unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", os.environ["XDG_DATA_HOME"]], check=False)


if __name__ == "__main__":
    main()
