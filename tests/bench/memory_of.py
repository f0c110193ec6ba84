#!/usr/bin/env python3
"""memory_of - the memory of a program and all that it starts, together, at their worst moment.

    memory_of.py PROGRAM COMMAND...      as root; PROGRAM is the name of a process that COMMAND becomes or starts

Samples the proportional set size (Pss: a page that several processes share counts once in the sum) of PROGRAM's process and its
descendants every few milliseconds, without their page cache. Prints the largest sum in MiB, what of it is anonymous memory, and what
each process had then. Whoever measures time does it in another run: reading Pss takes the locks of the one who is read.
"""
import os
import subprocess
import sys
import time

PAUSE = 0.003  # seconds


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:  # it has ended meanwhile
        return ""


def children(pid):
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [int(word) for thread in threads for word in read(f"/proc/{pid}/task/{thread}/children").split()]


def family(pid):
    found = [pid]
    for child in children(pid):
        found += family(child)
    return found


def name_of(pid):
    return read(f"/proc/{pid}/comm").strip()


def pss(pid):
    """Kilobytes in all, and of anonymous memory."""
    values = {line.split(":")[0]: line.split()[1] for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss")}
    return int(values.get("Pss", 0)), int(values.get("Pss_Anon", 0))


def sample(command, program):
    for pid in family(command):
        if name_of(pid) == program:
            return [(name_of(each), *pss(each)) for each in family(pid)]
    return []


def main():
    program, words = sys.argv[1], sys.argv[2:]
    command = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    worst, samples = [], 0
    while command.poll() is None:
        found = sample(command.pid, program)
        samples += bool(found)
        if sum(total for _, total, _ in found) > sum(total for _, total, _ in worst):
            worst = found
        time.sleep(PAUSE)
    if command.returncode != 0 or not worst:
        sys.exit(f"memory_of: {' '.join(words)}: exit {command.returncode}, {samples} samples of {program}")
    parts = ", ".join(f"{name} {total / 1024:.1f}" for name, total, _ in worst if total)
    total, anonymous = (sum(row[i] for row in worst) / 1024 for i in (1, 2))
    print(f"{total:.1f} | {anonymous:.1f} | {parts} | {samples} |")


if __name__ == "__main__":
    main()
