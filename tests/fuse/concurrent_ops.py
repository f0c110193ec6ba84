#!/usr/bin/env python3
"""Our overlay under many processes at once: random operations on the same few names, and afterwards one truth.

    concurrent_ops.py --ctl-fuse FILE [--processes N] [--ops N] [--seed N] [--dir DIR]

What each operation answers depends on the others, so it is not looked at, but for errors that no file system may give. In the
end the tree must look the same as it does when mounted anew, and as the kernel's overlay shows the same upper directory: what
is in memory is what is on disk. Runs as an ordinary user, in a user and mount namespace that it makes.
"""
import argparse
import errno
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_ops  # noqa: E402

NEVER = {errno.EIO, errno.EBADF, errno.ENOTCONN, errno.ENOSYS, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE}


def work(side, seed, count):
    """In a process of its own; returns what must not be, or nothing."""
    rng, operations = random.Random(seed), random_ops.Operations(side)
    for number in range(count):
        if number % 100 == 0:
            known = sorted(os.path.relpath(os.path.join(top, name), side.root)
                           for top, dirs, files in os.walk(side.root) for name in dirs + files)
        name, arguments = random_ops.random_operation(rng, operations.handles, known)
        try:
            getattr(operations, name)(*arguments)
        except (KeyError, ValueError):
            pass  # a handle whose opening failed; a mapping of what is shorter by now
        except OSError as error:
            if error.errno in NEVER:
                return f"{name}{arguments}: {error}"[:300]
    return None


def start(side, seed, count):
    child = os.fork()
    if child == 0:
        problem = "a Python error (above)"
        try:
            problem = work(side, seed, count)
        except Exception:
            traceback.print_exc()
        finally:  # never into what the parent has to tidy up
            if problem:
                print(problem, flush=True)
            os._exit(1 if problem else 0)
    return child


def snapshot(root, path=""):
    full = os.path.join(root, path)
    mode = os.lstat(full).st_mode
    found = {path: (random_ops.describe(full), random_ops.describe_more(full))}
    if random_ops.stat.S_ISDIR(mode):
        for name in random_ops.visible_names(full):
            found.update(snapshot(root, os.path.join(path, name)))
    return found


def difference(one, other):
    for path in sorted(one.keys() | other.keys()):
        if one.get(path) != other.get(path):
            return f"/{path}: {str(one.get(path))[:300]} and {str(other.get(path))[:300]}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ctl-fuse", required=True)
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--ops", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", default="/var/tmp")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        sys.exit(random_ops.enter_namespaces(os.path.abspath(__file__)))
    os.umask(0o022)
    top = tempfile.mkdtemp(prefix="ctl-concurrent.", dir=options.dir)
    try:
        run = random_ops.Run(top, os.path.abspath(options.ctl_fuse), options.seed, 0)
        side = run.sides[1]
        side.mount()
        children = [start(side, options.seed * 1000 + number, options.ops) for number in range(options.processes)]
        # A mapping of what another process cuts off ends in SIGBUS.
        failed = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) not in (0, -signal.SIGBUS) for child in children)
        seen = snapshot(side.root)
        for by_kernel in (False, True):
            side.unmount()
            side.mount(by_kernel)
            problem = difference(seen, snapshot(side.root))
            if problem:
                print("mounted anew", "by the kernel:" if by_kernel else "by us:", problem)
                failed += 1
        side.unmount()
        print(f"{options.processes} processes, {options.ops} operations each; {len(seen)} files at the end; {failed} failures")
        sys.exit(1 if failed else 0)
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
