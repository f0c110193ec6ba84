#!/usr/bin/env python3
"""The measuring part of overlay, as root of a user namespace: interleaved rounds, medians, ratios, as a Markdown table."""
import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import time

LAYERS = 5
BASELINE = "fuse-overlayfs"
POINTING = "combined, FUSE"  # the kernel's overlay over metadata that ctl-fuse shows; "combined": over a tree of it on disk
METADATA = ["find and stat all, first", "read small files, again", "untar small files", "rm -rf, upper files", "rm -rf, lower files"]
MODULES = "asyncio,email.mime.text,http.client,http.server,json,unittest,xml.dom.minidom,sqlite3,ctypes,multiprocessing,logging.config,pydoc"


def make_layers(top, small):
    """Five layers: directories of files of 0.2 to 8 KB, a large file, Python's library, and what dpkg needs."""
    rng = random.Random(1)
    lowers = [os.path.join(top, "layers", f"lower{number}") for number in range(LAYERS)]
    for number, lower in enumerate(lowers):
        for directory in range(40 if small else 200):
            path = os.path.join(lower, f"tree/{directory % 50}/{number}-{directory}")
            os.makedirs(path)
            for file in range(50):
                with open(f"{path}/file{file}", "wb") as stream:
                    stream.write(rng.randbytes(rng.randrange(200, 8000)))
    library = os.path.dirname(os.__file__)
    shutil.copytree(library, os.path.join(lowers[2], "python"), symlinks=True, ignore=shutil.ignore_patterns("dist-packages", "test"))
    with open(os.path.join(lowers[4], "large"), "wb") as stream:
        for _ in range(64 if small else 512):
            stream.write(rng.randbytes(1 << 20))
    for directory in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/dpkg/triggers"):
        os.makedirs(os.path.join(lowers[4], directory))
    open(os.path.join(lowers[4], "var/lib/dpkg/status"), "wb").close()
    return lowers


def make_archives(top, small):
    """A tar of small files and a Debian package of 2000."""
    rng = random.Random(2)
    source = os.path.join(top, "source")
    for number in range(2000 if small else 10000):
        path = f"{source}/dir{number // 50}"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/file{number}", "wb") as stream:
            stream.write(rng.randbytes(rng.randrange(100, 4000)))
    subprocess.run(["tar", "-C", source, "-cf", f"{top}/small.tar", "."], check=True)
    shutil.rmtree(source)
    for number in range(400 if small else 2000):
        path = f"{source}/usr/share/bench/{number // 40}"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/file{number}", "wb") as stream:
            stream.write(rng.randbytes(rng.randrange(100, 20000)))
    os.makedirs(f"{source}/DEBIAN")
    with open(f"{source}/DEBIAN/control", "w", encoding="utf-8") as control:
        control.write("Package: bench\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: files\n")
    subprocess.run(["dpkg-deb", "-Znone", "-b", source, f"{top}/bench.deb"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(source)


def point_to_content(lowers, tree):
    """What storage/id_shift.h makes for another id map: the whole tree of the lower layers (the first is the topmost), without content."""
    os.mkdir(tree)
    for lower in reversed(lowers):
        for place, directories, files in os.walk(lower):
            inner = os.path.relpath(place, lower)
            for name in directories:
                if not os.path.islink(os.path.join(place, name)):
                    os.makedirs(os.path.join(tree, inner, name), exist_ok=True)
            for name in files + [name for name in directories if os.path.islink(os.path.join(place, name))]:
                source, target = os.path.join(place, name), os.path.join(tree, inner, name)
                if os.path.islink(source):
                    os.symlink(os.readlink(source), target)
                    continue
                with open(target, "xb") as stream:
                    os.truncate(stream.fileno(), os.path.getsize(source))
                os.setxattr(target, "user.overlay.metacopy", b"")
                os.setxattr(target, "user.overlay.redirect", os.path.join("/", os.path.basename(lower), os.path.relpath(source, lower)).encode())
                shutil.copystat(source, target)


class Contender:
    def __init__(self, name, top, lowers, ctl_fuse):
        self.name, self.lowers, self.ctl_fuse = name, lowers, ctl_fuse
        self.place, self.number, self.top, self.root = top, 0, "", ""

    def mount(self):
        self.number += 1
        self.top = os.path.join(self.place, f"{self.name.replace(', ', '-')}{self.number}")
        self.root = self.top + "/merged"
        for part in ("upper", "work", "merged"):
            os.makedirs(f"{self.top}/{part}")
        if self.name == "ext4":  # no overlay: a copy of everything
            subprocess.run(["cp", "-a", *(f"{lower}/." for lower in reversed(self.lowers)), self.root], check=True)
            os.sync()
            return
        options = f"lowerdir={':'.join(self.lowers)},upperdir={self.top}/upper,workdir={self.top}/work"
        if self.name == "kernel":
            command = ["mount", "-t", "overlay", "-o", options + ",userxattr", "overlay", self.root]
        elif self.name == "combined":
            options = f"lowerdir={self.place}/tree::{self.place}/layers,upperdir={self.top}/upper,workdir={self.top}/work"
            command = ["mount", "-t", "overlay", "-o", options + ",userxattr", "overlay", self.root]
        elif self.name == POINTING:
            os.mkdir(f"{self.top}/metadata")
            run(self.ctl_fuse, "mount", *(word for lower in self.lowers
                                          for word in ("--lower", lower, "--pointer", "/" + os.path.basename(lower))), f"{self.top}/metadata")
            options = f"lowerdir={self.top}/metadata::{self.place}/layers,upperdir={self.top}/upper,workdir={self.top}/work"
            command = ["mount", "-t", "overlay", "-o", options + ",userxattr,xino=on", "overlay", self.root]
        elif self.name == "ctl-fuse":
            command = [self.ctl_fuse, "mount", *(word for lower in self.lowers for word in ("--lower", lower)),
                       "--upper", f"{self.top}/upper", "--work", f"{self.top}/work", self.root]
        else:
            command = ["fuse-overlayfs", "-o", options, self.root]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    def unmount(self):
        if self.name == "ext4":
            return os.unlink(f"{self.root}/large")
        subprocess.run(["umount", self.root], check=True)
        if self.name == POINTING:
            subprocess.run(["umount", f"{self.top}/metadata"], check=True)
        # The rest stays to the end: ext4 is slow to reuse inodes just freed, and would be in whoever is next.
        return os.unlink(f"{self.top}/upper/large")


def run(*words, **more):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def small_files(root):
    return [f"{root}/tree/{directory % 50}/{number}-{directory}/file{file}"
            for number in range(LAYERS) for directory in range(40) for file in range(50)]


def read_small(paths):
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.read(descriptor, 16384)
        os.close(descriptor)


def read_large(root):
    buffer = bytearray(1 << 20)
    with open(f"{root}/large", "rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass


def read_random(root):
    size, rng = os.path.getsize(f"{root}/large"), random.Random(3)
    descriptor = os.open(f"{root}/large", os.O_RDONLY)
    for _ in range(20000):
        os.pread(descriptor, 4096, rng.randrange(size // 4096) * 4096)
    os.close(descriptor)


def import_modules(root):
    path = f"import sys; sys.path[:] = ['{root}/python', '{root}/python/lib-dynload']; sys.dont_write_bytecode = True; import {MODULES}"
    run(sys.executable, "-I", "-S", "-c", path)


def rename_files(root):
    for number in range(2000):
        path = f"{root}/new/dir{number // 50}/file{number}"
        os.rename(path, path + "x")


def copy_up(root):
    os.close(os.open(f"{root}/large", os.O_WRONLY | os.O_APPEND))
    with open(f"{root}/large", "ab") as stream:  # ours copies at the first write, not when it is opened
        stream.write(b"x")


def workloads(root, top):
    paths = small_files(root)
    some = [f"{root}/tree/{number}" for number in range(4)]
    return [
        ("find and stat all, first", lambda: run("find", root, "-printf", "%s %m %u %T@\n")),
        ("find and stat all, again", lambda: run("find", root, "-printf", "%s %m %u %T@\n")),
        ("lstat 10 000 paths", lambda: [os.lstat(path) for path in paths]),
        ("read small files, first", lambda: read_small(paths)),
        ("read small files, again", lambda: read_small(paths)),
        ("read 512 MB, first", lambda: read_large(root)),
        ("read 512 MB, again", lambda: read_large(root)),
        ("read 4 KB at random", lambda: read_random(root)),
        ("import in Python, first", lambda: import_modules(root)),
        ("import in Python, again", lambda: import_modules(root)),
        ("untar small files", lambda: (os.mkdir(f"{root}/new"), run("tar", "-C", f"{root}/new", "-xf", f"{top}/small.tar"))),
        ("rename 2000", lambda: rename_files(root)),
        ("rm -rf, upper files", lambda: run("rm", "-rf", f"{root}/new")),
        ("copy up 512 MB", lambda: copy_up(root)),
        ("rm -rf, lower files", lambda: run("rm", "-rf", *some)),
        ("dpkg --unpack", lambda: run("dpkg", f"--root={root}", "--force-all", "--unpack", f"{top}/bench.deb")),
    ]


def one_round(contender, top, times):
    start = time.perf_counter()
    contender.mount()
    times["mount"].append(time.perf_counter() - start)
    for name, work in workloads(contender.root, top):
        start = time.perf_counter()
        work()
        times[name].append(time.perf_counter() - start)
    contender.unmount()


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def mean_ratio(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def report(contenders, times):
    names = list(times[contenders[0].name])
    print("| seconds | " + " | ".join(contender.name for contender in contenders) + " | fuse-overlayfs ÷ ours | ours ÷ kernel | combined ÷ kernel | combined, FUSE ÷ kernel |")
    print("|---|" + "---|" * (len(contenders) + 4))
    gains, costs, combined, pointing = {}, {}, {}, {}
    for name in names:
        of = {contender.name: times[contender.name][name] for contender in contenders}
        # Ratios inside a round, then their median: what else the machine does is the same for all of them.
        gains[name] = median([other / ours for other, ours in zip(of[BASELINE], of["ctl-fuse"])])
        costs[name] = median([ours / kernel for ours, kernel in zip(of["ctl-fuse"], of["kernel"])])
        combined[name] = median([ours / kernel for ours, kernel in zip(of["combined"], of["kernel"])])
        pointing[name] = median([ours / kernel for ours, kernel in zip(of[POINTING], of["kernel"])])
        print(f"| {name} | " + " | ".join(f"{median(of[contender.name]):.3f}" for contender in contenders)
              + f" | {gains[name]:.2f} | {costs[name]:.2f} | {combined[name]:.2f} | {pointing[name]:.2f} |")
    listed = [name for name in names if name != "mount"]
    print(f"\nGeometric mean without mount: fuse-overlayfs ÷ ours {mean_ratio([gains[name] for name in listed]):.2f}, "
          f"ours ÷ kernel {mean_ratio([costs[name] for name in listed]):.2f}, "
          f"combined ÷ kernel {mean_ratio([combined[name] for name in listed]):.2f}, over FUSE "
          f"{mean_ratio([pointing[name] for name in listed]):.2f}; metadata and small files "
          f"({len(METADATA)}): fuse-overlayfs ÷ ours {mean_ratio([gains[name] for name in METADATA]):.2f}.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    parser.add_argument("--ctl-fuse", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="a tenth of everything, to try the benchmark itself")
    options = parser.parse_args()
    os.mkdir(os.path.join(options.dir, "layers"))
    for place in (options.dir, os.path.join(options.dir, "layers")):
        subprocess.run(["chattr", "+T", place], check=False)  # directories in it are put apart on ext4
    lowers = make_layers(options.dir, options.small)
    make_archives(options.dir, options.small)
    point_to_content(lowers, os.path.join(options.dir, "tree"))
    contenders = [Contender(name, options.dir, lowers, options.ctl_fuse) for name in ("ext4", "kernel", "combined", POINTING, "ctl-fuse", BASELINE)]
    names = ["mount"] + [name for name, _ in workloads("", "")]
    times = {contender.name: {name: [] for name in names} for contender in contenders}
    for number in range(options.rounds):
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            one_round(contender, options.dir, times[contender.name])
            print(f"round {number + 1} of {options.rounds}: {contender.name}", file=sys.stderr, flush=True)
    report(contenders, times)


if __name__ == "__main__":
    main()
