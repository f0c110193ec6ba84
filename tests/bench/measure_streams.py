#!/usr/bin/env python3
"""The measuring part of streams, run in the peers' root: interleaved rounds, medians of MB/s, and the monitor's memory."""
import argparse
import os
import platform
import subprocess
import sys
import time

from measure import CTL, IMAGE, QUIET, TOOLS, median

SHELL = {"podman": "podman", "ctl": CTL}
# A producer in the container that costs little, and one that prints lines of 80 bytes.
ZEROS = "dd if=/dev/zero bs=64k count={blocks}"
LINES = "sh -c 'yes {line} | dd bs=64k iflag=fullblock count={blocks}'"
# What is timed: name, pipeline, which tools ("plain" is without a container). BUSYBOX is the image's own program.
CASES = [
    ("`dd \\| cat`, no container", "BUSYBOX " + ZEROS + " | BUSYBOX cat", ["plain"]),
    ("`dd \\| run -i IMG cat`, `--log-driver=none`", "BUSYBOX " + ZEROS + " | TOOL run -i --rm --log-driver=none IMG cat", ["podman", "ctl"]),
    ("`run IMG dd`, `--log-driver=none`", "TOOL run --rm --log-driver=none IMG " + ZEROS, ["podman", "ctl"]),
    ("`run IMG dd`, logged", "TOOL run --rm IMG " + ZEROS, ["podman", "ctl"]),
    ("`run IMG dd`, logged without a limit", "TOOL run --rm UNLIMITED IMG " + ZEROS, ["podman", "ctl"]),
    ("`run IMG yes LINE`, logged", "TOOL run --rm IMG " + LINES, ["podman", "ctl"]),
    ("`exec C dd`", "TOOL exec bench-on " + ZEROS, ["podman", "ctl"]),
]


# Podman's logs have no limit.
UNLIMITED = {"podman": "", "ctl": "--log-opt max-size=-1", "plain": ""}


def time_of(tool, pipeline, blocks):
    """Wall time of a pipeline whose output a cat takes, in seconds."""
    words = pipeline.format(blocks=blocks, line="x" * 79).replace("TOOL", SHELL.get(tool, "")).replace("IMG", IMAGE)
    words = words.replace("BUSYBOX", "/tmp/busybox").replace("UNLIMITED", UNLIMITED[tool])
    start = time.perf_counter()
    done = subprocess.run(["bash", "-o", "pipefail", "-c", words + " 2>/dev/null | cat >/dev/null"], check=False, **QUIET)
    spent = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{words}: exit {done.returncode}\n{done.stderr.decode()}")
    return spent


def speeds(count, blocks):
    """MB/s of each (tool, case); what the command takes without data is not counted."""
    found = {}
    for number in range(count + 1):
        for name, pipeline, tools in CASES:
            for tool in sorted(tools, reverse=number % 2 == 1):
                without = time_of(tool, pipeline, 0)
                spent = time_of(tool, pipeline, blocks) - without
                if number:
                    found.setdefault((tool, name), []).append(blocks * 65536 / max(spent, 1e-3) / 1e6)
    return found


def cell(values):
    return f"{median(values):.0f} ({min(values):.0f}–{max(values):.0f})" if values else ""


def own_memory(pid):
    """KiB that a process has for itself; pages of the program, which all of ctl's processes share, are not counted."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))


def monitor_memory():
    """Of a monitor: idle, and while it passes on and logs a flood."""
    pid = subprocess.run([CTL, "inspect", "--format", "{{.State.ConmonPid}}", "bench-on"], stdout=subprocess.PIPE, text=True, check=True).stdout
    idle = own_memory(int(pid))
    with subprocess.Popen([CTL, "run", "--rm", "--name", "bench-flood", IMAGE, "yes"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as flood:
        for _ in range(2000):
            os.read(flood.stdout.fileno(), 1 << 16)
        pid = subprocess.run([CTL, "inspect", "--format", "{{.State.ConmonPid}}", "bench-flood"], stdout=subprocess.PIPE, text=True, check=True).stdout
        flooded = own_memory(int(pid))
        flood.stdout.close() # or it would wait for us to read
        subprocess.run([CTL, "rm", "-f", "-t", "0", "bench-flood"], check=False, **QUIET)
    return idle, flooded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    os.environ["XDG_DATA_HOME"] = f"/home/bench/.data-{os.getpid()}"
    for tool in TOOLS.values():
        subprocess.run([*tool, "load", "-q", "-i", "/bench/busybox.tar"], check=True, **QUIET)
    version = subprocess.run(["podman", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(f"{version}; kernel {platform.release()}, {os.cpu_count()} processors; {options.rounds} rounds of {options.megabytes} MB")
    try:
        with open("/tmp/busybox", "wb") as program:
            subprocess.run([CTL, "run", "--rm", IMAGE, "cat", "/bin/busybox"], stdout=program, check=True)
        os.chmod("/tmp/busybox", 0o755)
        for tool in TOOLS.values():
            subprocess.run([*tool, "run", "-d", "--name", "bench-on", IMAGE, "sleep", "100000"], check=True, **QUIET)
        found = speeds(options.rounds, options.megabytes * 1000000 // 65536)
        print("\n| stream | Podman, MB/s: median (least–most) | ctl, MB/s: median (least–most) | ratio |\n|---|---|---|---|")
        for name, _, tools in CASES:
            podman, ctl = found.get(("podman", name)), found.get(("ctl", name), found.get(("plain", name)))
            ratio = f"{median(ctl) / median(podman):.1f} ×" if podman else ""
            print(f"| {name} | {cell(podman)} | {cell(ctl)} | {ratio} |")
        print("\nThe monitor's own memory: {} KiB idle, {} KiB in a flood of lines.".format(*monitor_memory()))
    finally:
        for tool in TOOLS.values():
            subprocess.run([*tool, "rm", "-f", "-a", "-t", "0"], check=False, **QUIET)
        subprocess.run(["podman", "system", "reset", "-f"], check=False, **QUIET)
        subprocess.run(["unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", os.environ["XDG_DATA_HOME"]], check=False)


if __name__ == "__main__":
    main()
