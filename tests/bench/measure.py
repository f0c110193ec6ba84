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


def median(values):  # python3-minimal has no statistics
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
    count = parser.parse_args().rounds
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
        made = 1
        for total in (20, 100):
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
