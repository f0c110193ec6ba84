#!/usr/bin/env python3
"""The measuring part of oci, run in the peers' root: interleaved rounds, medians, ratios, as a Markdown table."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

TOOLS = {"ctl": "/bench/bin/ctl-oci", "crun": "/usr/bin/crun", "runc": "/usr/bin/runc"}
HOME = os.environ["HOME"]


def bundle():
    """A bundle of the user's own, with the document that crun begins with."""
    path = f"{HOME}/bundle"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree("/bench/rootfs", f"{path}/rootfs", symlinks=True)
    subprocess.run(["crun", "spec", "--rootless"], cwd=path, check=True)
    with open(f"{path}/config.json", encoding="utf-8") as file:
        document = json.load(file)
    document["process"]["terminal"] = False
    # One id, so that newuidmap's and newgidmap's time is not what is compared; runc needs a map.
    for kind, own in (("uidMappings", os.getuid()), ("gidMappings", os.getgid())):
        document["linux"][kind] = [{"containerID": 0, "hostID": own, "size": 1}]
    for name, args in (("config.json", ["/bin/true"]), ("sleep.json", ["/bin/sleep", "600"])):
        document["process"]["args"] = args
        with open(f"{path}/{name}", "w", encoding="utf-8") as file:
            json.dump(document, file)
    return path


def run(words):
    """One command; what it said on standard error."""
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr.decode()}")
    return done.stderr.decode()


def call(words):
    """One command: milliseconds."""
    start = time.perf_counter()
    run(words)
    return (time.perf_counter() - start) * 1000


def memory(words):
    """KiB of the largest process of a command. Asked of a small program, for what forks counts its own memory in."""
    said = run(["/bench/rootfs/bin/busybox", "time", "-v", *words])
    return int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", said).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    tools = {name: path for name, path in TOOLS.items() if os.access(path, os.X_OK)}
    path = bundle()
    os.chdir(path)
    for name, tool in tools.items(): # what keeps a container for exec
        shutil.copy("sleep.json", f"{path}/{name}.json")
        os.makedirs(f"{path}/{name}/rootfs", exist_ok=True)
        shutil.copy("sleep.json", f"{path}/{name}/config.json")
        shutil.copytree("rootfs", f"{path}/{name}/rootfs", symlinks=True, dirs_exist_ok=True)
        subprocess.run([tool, "run", "--detach", "--bundle", f"{path}/{name}", f"on-{name}"], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
    cases = {"run": lambda name, tool: [tool, "run", "--bundle", path, f"b-{name}"],
             "exec": lambda name, tool: [tool, "exec", f"on-{name}", "/bin/true"],
             "state": lambda name, tool: [tool, "state", f"on-{name}"]}
    times = {(case, name): [] for case in cases for name in tools}
    for number in range(rounds + 1):
        for case, words in cases.items():
            order = list(tools.items())
            for name, tool in order[number % len(order):] + order[:number % len(order)]:
                result = (call(words(name, tool)), memory(words(name, tool)))
                if number: # the first one is cold
                    times[case, name].append(result)
    for name, tool in tools.items():
        subprocess.run([tool, "delete", "--force", f"on-{name}"], check=True)
    print(f"| command | {' | '.join(f'{name}, ms (KiB)' for name in tools)} | of crun's time | of crun's memory |")
    print("|---" * (len(tools) + 3) + "|")
    for case in cases:
        medians = {name: [statistics.median(r[i] for r in times[case, name]) for i in (0, 1)] for name in tools}
        cells = " | ".join(f"{medians[name][0]:.1f} ({medians[name][1]:.0f})" for name in tools)
        ratio = statistics.median(a[0] / b[0] for a, b in zip(times[case, "ctl"], times[case, "crun"]))
        print(f"| {case} | {cells} | {ratio:.2f} | {medians['ctl'][1] / medians['crun'][1]:.2f} |")


main()
