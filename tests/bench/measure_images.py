#!/usr/bin/env python3
"""The measuring part of images, run in the peers' root: interleaved rounds, medians, ratios, as Markdown tables."""
import argparse
import itertools
import os
import platform
import subprocess
import sys
import time

CTL = "/bench/install/usr/local/bin/ctl"
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
PLAIN = ["--tls-verify=false"]  # ctl needs no such word on loopback


class Tool:
    def __init__(self, name, words, plain):
        self.name, self.words, self.plain = name, words, plain

    def run(self, words):
        done = subprocess.run([*self.words, *words], check=False, **QUIET)
        if done.returncode != 0:
            sys.exit(f"{self.name} {' '.join(words)}: exit {done.returncode}\n{done.stderr.decode()}")

    def measure(self, words):
        """Wall seconds, processor seconds and MiB of the largest of its processes."""
        start = time.perf_counter()
        command = subprocess.Popen([*self.words, *words], **{**QUIET, "stderr": subprocess.DEVNULL})
        _, status, used = os.wait4(command.pid, 0)  # with all it has waited for itself
        command.returncode = os.waitstatus_to_exitcode(status)
        if command.returncode != 0:
            sys.exit(f"{self.name} {' '.join(words)}: exit {command.returncode}")
        return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


PODMAN, OURS = Tool("podman", ["podman"], PLAIN), Tool("ctl", [CTL], [])
TOOLS = [PODMAN, OURS]


def median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def has_image(tool, name):
    return subprocess.run([*tool.words, "inspect", "--type", "image", name], check=False, **QUIET).returncode == 0


numbers = itertools.count()


def scratch():
    """A file that is not there."""
    if os.path.exists("/home/bench/saved.tar"):
        os.unlink("/home/bench/saved.tar")
    return "/home/bench/saved.tar"


def cases(registry):
    """Each: its name, what is to be there before it (True) or not (False), the words of a tool."""
    for image in ("big", "many"):
        name = f"{registry}/bench/{image}:latest"
        yield f"pull {image}", (name, False), lambda tool, name=name: ["pull", "-q", *tool.plain, name]
        yield f"save {image}", (name, True), lambda _, name=name: ["save", "-q", "-o", scratch(), name]
        yield f"push {image} to another place", (name, True), lambda tool, image=image, name=name: [
            "push", "-q", *tool.plain, name, f"{registry}/{tool.name}/{image}-{next(numbers)}:latest"]
        yield f"pull {image}, all there", (name, True), lambda tool, name=name: ["pull", "-q", *tool.plain, name]
        yield f"rmi {image}", (name, True), lambda _, name=name: ["rmi", name]
        # Right after it, where ext4 has just freed as many inodes.
        yield f"pull {image}, after rmi", (name, False), lambda tool, name=name: ["pull", "-q", *tool.plain, name]
        yield f"rmi {image} again", (name, True), lambda _, name=name: ["rmi", name]
        yield f"load {image}", (f"localhost/{image}:latest", False), lambda _, image=image: ["load", "-q", "-i", f"/bench/{image}.tar"]
        yield f"push {image} loaded", (f"localhost/{image}:latest", True), lambda tool, image=image: [
            "push", "-q", *tool.plain, f"localhost/{image}:latest", f"{registry}/{tool.name}/{image}-{next(numbers)}:latest"]
        yield f"rmi {image} loaded", (f"localhost/{image}:latest", True), lambda _, image=image: ["rmi", f"localhost/{image}:latest"]


def rounds(count, registry):
    times = {}
    for number in range(count + 1):
        for name, (image, wanted), words in cases(registry):
            for tool in sorted(TOOLS, key=lambda tool: tool.name, reverse=number % 2 == 1):
                if has_image(tool, image) != wanted:
                    sys.exit(f"{tool.name}: {image} is {'missing' if wanted else 'there'} before {name}")
                spent = tool.measure(words(tool))
                if number:
                    times.setdefault(name, {}).setdefault(tool.name, []).append(spent)
    return times


def print_table(times):
    print("\n| command | Podman: wall s | CPU s | MiB | ctl: wall s | CPU s | MiB | wall, ctl ÷ Podman | CPU |\n|---|---|---|---|---|---|---|---|---|")
    for name, by_tool in times.items():
        columns, middle = [], {}
        for tool in TOOLS:
            walls, cpus, sizes = zip(*by_tool[tool.name])
            middle[tool.name] = (median(walls), median(cpus))
            columns += [f"{median(walls):.2f} ({min(walls):.2f}–{max(walls):.2f})", f"{median(cpus):.2f}", f"{median(sizes):.0f}"]
        of_round = [tuple(ours[i] / theirs[i] for i in (0, 1)) for theirs, ours in zip(by_tool["podman"], by_tool["ctl"])]
        wall, cpu = (median([ratio[i] for ratio in of_round]) for i in (0, 1))
        print(f"| {name} | {' | '.join(columns)} | {wall:.2f} | {cpu:.2f} |", flush=True)


def many_names(count, registry):
    """`images` with so many names."""
    for tool in TOOLS:
        tool.run(["pull", "-q", *tool.plain, f"{registry}/bench/many:latest"])
        for number in range(count):
            tool.run(["tag", f"{registry}/bench/many:latest", f"localhost/name-{number}:latest"])
    times = {}
    for number in range(6):
        for tool in sorted(TOOLS, key=lambda tool: tool.name, reverse=number % 2 == 1):
            spent = tool.measure(["images"])
            if number:
                times.setdefault(f"images ({count} names)", {}).setdefault(tool.name, []).append(spent)
    print_table(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--registry", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--names", type=int, default=500)
    arguments = parser.parse_args()
    os.environ["XDG_DATA_HOME"] = f"/home/bench/.data-{os.getpid()}"
    version = subprocess.run(["podman", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(f"{version}; kernel {platform.release()}, {os.cpu_count()} processors; {arguments.rounds} rounds")
    try:
        print_table(rounds(arguments.rounds, arguments.registry))
        if arguments.names:
            many_names(arguments.names, arguments.registry)
    finally:
        subprocess.run(["podman", "system", "reset", "-f"], check=False, **QUIET)
        subprocess.run(["unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", os.environ["XDG_DATA_HOME"]], check=False)


if __name__ == "__main__":
    main()
