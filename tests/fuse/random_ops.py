#!/usr/bin/env python3
"""Our overlay against the kernel's: the same random operations on both, which must answer and look the same all the time.

    random_ops.py --ctl-fuse FILE [--ops N] [--seed N] [--dir DIR] [--check-every N] [--keep]

Runs as an ordinary user, in a user and mount namespace that it makes. The layers are random as well: whiteouts, opaque
directories, files where another layer has a directory. Both overlays have the same lower layers and an upper directory each.
Compared: the result or errno of every operation; every few hundred operations the trees (types, modes, owners, sizes, links,
contents, attributes, whether a time stamp is an old one), sometimes after mounting again, sometimes with our upper directory
under the kernel's overlay. Ends with 0, or 1 and the operations that led to the first difference in a file.

Not compared, because the kernel's answer is a known shortcoming of its overlay: several names of one file in a lower layer (it
breaks the link, but for root with index=on: --hard-links), descriptors opened for reading before a copy-up (they go on showing the old content), and whiteouts with
nothing below (listed, and then not found). And chown to no user and no group, which FUSE never hears of.
"""
import argparse
import ctypes
import errno
import mmap
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
NAMES = ["a", "b", "c", "d", "e"]
OLD = 1_000_000_000  # every time stamp that is set is of that age, so "old" can be told from "changed by an operation"
LAYERS = 3


def renameat2(source, target, flags):
    if LIBC.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def link_descriptor(descriptor, target):
    if LIBC.linkat(AT_FDCWD, b"/proc/self/fd/%d" % descriptor, AT_FDCWD, os.fsencode(target), 0x400) != 0:
        raise OSError(ctypes.get_errno(), "linkat")


class Difference(Exception):
    pass


# ---- layers


def random_layer(rng, top, linkable=None, depth=0):
    """`linkable`: files of the layer that may get further names; None where none may."""
    os.utime(top, (OLD, OLD))
    for name in NAMES:
        path = os.path.join(top, name)
        if linkable and rng.random() < 0.25:
            os.link(rng.choice(linkable), path, follow_symlinks=False)
            continue
        kind = rng.choice(["none"] * 3 + ["file"] * 3 + ["dir"] * (5 - depth) + ["symlink", "fifo", "whiteout"])
        if kind == "file":
            with open(path, "wb") as file:
                file.write(rng.randbytes(rng.choice([0, 1, 100, 5000, 20000])))
                if rng.random() < 0.2:
                    file.truncate(200000)
            if rng.random() < 0.3:
                os.setxattr(path, "user.lower", rng.randbytes(8))
        elif kind == "dir" and depth < 3:
            os.mkdir(path)
            random_layer(rng, path, linkable, depth + 1)
            if rng.random() < 0.2:
                os.setxattr(path, "user.overlay.opaque" if linkable is None else "trusted.overlay.opaque", b"y")
        elif kind == "symlink":
            os.symlink(rng.choice(NAMES), path)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "whiteout":
            os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
            continue
        else:
            continue
        os.chown(path, rng.randrange(3), rng.randrange(3), follow_symlinks=False)
        if kind != "symlink":
            os.chmod(path, rng.choice([0o644, 0o755, 0o600, 0o4755, 0o2750, 0o1777]))
        os.utime(path, (OLD, OLD + rng.randrange(1000)), follow_symlinks=False)
        if linkable is not None and kind == "file":
            linkable.append(path)
    os.utime(top, (OLD, OLD))


class Side:
    """One of the two overlays."""

    def __init__(self, top, name, lowers, ctl_fuse, hard_links):
        self.name, self.lowers, self.ctl_fuse = name, lowers, ctl_fuse
        self.options = "nodev,index=on,redirect_dir=off" if hard_links else "userxattr"
        self.upper, self.work, self.root = (os.path.join(top, name, part) for part in ("upper", "work", "merged"))
        for path in (self.upper, self.work, self.root):
            os.makedirs(path)
            os.utime(path, (OLD, OLD))
        self.server = None

    def mount(self, by_kernel=None):
        if self.name == "kernel" if by_kernel is None else by_kernel:
            options = f"{self.options},lowerdir={':'.join(self.lowers)},upperdir={self.upper},workdir={self.work}"
            subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", self.root], check=True)
            return
        command = [self.ctl_fuse, "mount", "--foreground", "--upper", self.upper, "--work", self.work]
        for lower in self.lowers:
            command += ["--lower", lower]
        ready, theirs = os.pipe()
        os.set_inheritable(theirs, True)
        self.server = subprocess.Popen([*command, "--ready-fd", str(theirs), self.root], pass_fds=[theirs])
        os.close(theirs)
        if os.read(ready, 1) != b"+":
            raise Difference("ctl-fuse does not mount")
        os.close(ready)

    def unmount(self):
        subprocess.run(["umount", self.root], check=True)
        if self.server is not None:
            if self.server.wait(timeout=20) != 0:
                raise Difference(f"ctl-fuse ended with {self.server.returncode}")
            self.server = None


# ---- operations: each takes the root of a side and arguments that are the same for both


class Operations:
    """`handles`: open descriptors and mappings of this side, by number."""

    def __init__(self, side):
        self.side, self.handles = side, {}

    def at(self, path):
        return os.path.join(self.side.root, path) if path else self.side.root

    def create(self, path, flags, mode):
        os.close(os.open(self.at(path), os.O_CREAT | flags | os.O_WRONLY | os.O_NONBLOCK, mode))

    def write(self, path, flags, offset, data):
        descriptor = os.open(self.at(path), os.O_WRONLY | flags | os.O_NONBLOCK)
        try:
            return os.pwrite(descriptor, data, offset) if not flags & os.O_APPEND else os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def read(self, path, offset, size):
        descriptor = os.open(self.at(path), os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)

    def truncate(self, path, size):
        if stat.S_ISFIFO(os.stat(self.at(path)).st_mode):
            return "a FIFO"
        os.truncate(self.at(path), size)

    def unlink(self, path):
        os.unlink(self.at(path))

    def mkdir(self, path, mode):
        os.mkdir(self.at(path), mode)

    def rmdir(self, path):
        os.rmdir(self.at(path))

    def rename(self, source, target, flags):
        renameat2(self.at(source), self.at(target), flags)

    def link(self, source, target):
        os.link(self.at(source), self.at(target), follow_symlinks=False)

    def symlink(self, target, path):
        os.symlink(target, self.at(path))

    def readlink(self, path):
        return os.readlink(self.at(path))

    def mknod(self, path, mode, device):
        os.mknod(self.at(path), mode, device)

    def chmod(self, path, mode):
        os.chmod(self.at(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.at(path), uid, gid, follow_symlinks=False)

    def utime(self, path, time):
        os.utime(self.at(path), (time, time), follow_symlinks=False)

    def setxattr(self, path, name, value, flags):
        os.setxattr(self.at(path), name, value, flags)

    def getxattr(self, path, name):
        return os.getxattr(self.at(path), name)

    def removexattr(self, path, name):
        os.removexattr(self.at(path), name)

    def listdir(self, path):
        return visible_names(self.at(path))

    def stat(self, path):
        return describe(self.at(path))

    def fallocate(self, path, offset, length):
        descriptor = os.open(self.at(path), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.posix_fallocate(descriptor, offset, length)
        finally:
            os.close(descriptor)

    def copy(self, source, target, size):
        descriptors = []
        try:
            descriptors.append(os.open(self.at(source), os.O_RDONLY | os.O_NONBLOCK))
            descriptors.append(os.open(self.at(target), os.O_WRONLY | os.O_NONBLOCK))
            return os.copy_file_range(*descriptors, size)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def open_handle(self, number, path, flags):
        if number in self.handles:
            self.close_handle(number)
        if os.path.exists(self.at(path)) and stat.S_ISFIFO(os.stat(self.at(path)).st_mode):
            return "a FIFO"  # would be a reader for one of its names or for all of them
        self.handles[number] = os.open(self.at(path), flags | os.O_RDWR | os.O_NONBLOCK, 0o644)
        return None

    def close_handle(self, number):
        os.close(self.handles.pop(number))

    def unnamed(self, number, path):
        return self.open_handle(number, path, os.O_TMPFILE)

    def link_handle(self, number, path):
        link_descriptor(self.handles[number], self.at(path))

    def write_handle(self, number, offset, data):
        return os.pwrite(self.handles[number], data, offset)

    def read_handle(self, number, offset, size):
        return os.pread(self.handles[number], size, offset)

    def truncate_handle(self, number, size):
        os.ftruncate(self.handles[number], size)

    def stat_handle(self, number):
        st = os.fstat(self.handles[number])
        return st.st_mode, st.st_size, st.st_uid, st.st_gid, st.st_nlink

    def chmod_handle(self, number, mode):
        os.fchmod(self.handles[number], mode)

    def sync_handle(self, number):
        os.fsync(self.handles[number])

    def map_handle(self, number, offset, data):
        """Through a shared mapping; what is written must be there for everybody at once."""
        size = os.fstat(self.handles[number]).st_size
        if size < offset + len(data):
            return "too short"
        with mmap.mmap(self.handles[number], size) as mapping:
            mapping[offset:offset + len(data)] = data
            return os.pread(self.handles[number], len(data), offset) == data


def visible_names(path):
    """Without whiteouts with nothing below, which the kernel's overlay lists and then does not find."""
    return sorted(name for name in os.listdir(path) if os.path.lexists(os.path.join(path, name)))


def describe(path):
    st = os.lstat(path)
    is_dir = stat.S_ISDIR(st.st_mode)
    age = st.st_mtime if st.st_mtime < OLD + 100000 else "changed"
    return (st.st_mode, st.st_uid, st.st_gid, age, st.st_rdev, *(() if is_dir else (st.st_size, st.st_nlink)))


def describe_more(path):
    """Content and attributes."""
    mode = os.lstat(path).st_mode
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
                  if not name.startswith("security.")}
    if stat.S_ISLNK(mode):
        return os.readlink(path), attributes
    if stat.S_ISREG(mode):
        with open(path, "rb") as file:
            return file.read(), attributes
    return None, attributes


def inodes_agree(path):
    """The names in a directory, whose inode numbers must be those of the files."""
    with os.scandir(path) as entries:
        found = {entry.name: entry.inode() for entry in entries}
    for name, inode in found.items():
        if os.lstat(os.path.join(path, name)).st_ino != inode:
            raise Difference(f"{path}/{name}: the directory says another inode number than stat")
    return found


def compare_trees(kernel, ours, by_kernel, path=""):
    one, other = os.path.join(kernel, path), os.path.join(ours, path)
    for what, look in (("attributes", describe), ("content", describe_more)):
        expected, found = look(one), look(other)
        if expected != found:
            raise Difference(f"{what} of /{path}: {str(expected)[:300]} with the kernel, {str(found)[:300]} with ours")
    if not stat.S_ISDIR(os.lstat(one).st_mode):
        return 1
    expected = visible_names(one)
    if by_kernel:
        found = visible_names(other)
    else:
        found = sorted(inodes_agree(other))
    if expected != found:
        raise Difference(f"names in /{path}: {expected} with the kernel, {found} with ours")
    return 1 + sum(compare_trees(kernel, ours, by_kernel, os.path.join(path, name)) for name in expected)


# ---- the run


def random_path(rng, known):
    """One that exists, one that would be beside such a one, or anything."""
    choice = rng.random()
    if known and choice < 0.45:
        return rng.choice(known)
    if known and choice < 0.75:
        return os.path.join(os.path.dirname(rng.choice(known)), rng.choice(NAMES))
    if choice > 0.99:
        return rng.choice(NAMES) * 256  # too long
    return "/".join(rng.choice(NAMES) for _ in range(rng.choice([1, 1, 2, 2, 2, 3, 3, 4])))


def random_operation(rng, handles, known):
    path, other = random_path(rng, known), random_path(rng, known)
    handle = rng.randrange(4)
    offset, data = rng.choice([0, 1, 4095, 4096, 9000, 70000]), rng.randbytes(rng.choice([1, 10, 4096, 10000]))
    modes = [0o644, 0o755, 0o600, 0o400, 0o4711, 0o2755, 0o1777]
    user_attribute = rng.choice(["user.lower", "user.one", "user.two"])
    choices = {
        "create": (6, lambda: (path, rng.choice([0, os.O_EXCL, os.O_TRUNC]), rng.choice(modes))),
        "write": (6, lambda: (path, rng.choice([0, 0, os.O_APPEND, os.O_TRUNC]), offset, data)),
        "read": (4, lambda: (path, offset, 5000)),
        "truncate": (3, lambda: (path, rng.choice([0, 1, 4096, 30000]))),
        "unlink": (6, lambda: (path,)),
        "mkdir": (6, lambda: (path, rng.choice(modes))),
        "rmdir": (6, lambda: (path,)),
        "rename": (14, lambda: (path, other, rng.choice([0, 0, 0, 0, 1, 2, 2]))),
        "link": (5, lambda: (path, other)),
        "symlink": (3, lambda: (rng.choice(NAMES), path)),
        "readlink": (1, lambda: (path,)),
        "mknod": (2, lambda: (path, *rng.choice([(stat.S_IFIFO | 0o640, 0), (stat.S_IFREG | 0o640, 0), (stat.S_IFSOCK | 0o640, 0),
                                                 (stat.S_IFCHR | 0o640, 0), (stat.S_IFCHR | 0o640, os.makedev(1, 3))]))),
        "chmod": (3, lambda: (path, rng.choice(modes))),
        "chown": (3, lambda: (path, *rng.choice([(-1, 1), (2, -1), (rng.randrange(4), rng.randrange(4))]))),
        "utime": (3, lambda: (path, OLD + rng.randrange(5000))),
        "setxattr": (3, lambda: (path, user_attribute, data[:100], rng.choice([0, 0, os.XATTR_CREATE, os.XATTR_REPLACE]))),
        "getxattr": (1, lambda: (path, user_attribute)),
        "removexattr": (2, lambda: (path, user_attribute)),
        "listdir": (3, lambda: (rng.choice([path, ""]),)),
        "stat": (4, lambda: (path,)),
        "fallocate": (1, lambda: (path, offset, 5000)),
        "copy": (2, lambda: (path, other, 20000)),
        "open_handle": (4, lambda: (handle, path, rng.choice([0, 0, os.O_CREAT, os.O_TRUNC]))),
        "unnamed": (1, lambda: (handle, path)),
    }
    with_handle = {
        "close_handle": (1, lambda: (handle,)),
        "link_handle": (1, lambda: (handle, path)),
        "write_handle": (4, lambda: (handle, offset, data)),
        "read_handle": (3, lambda: (handle, offset, 5000)),
        "truncate_handle": (1, lambda: (handle, rng.choice([0, 5000, 30000]))),
        "stat_handle": (2, lambda: (handle,)),
        "chmod_handle": (1, lambda: (handle, rng.choice(modes))),
        "sync_handle": (1, lambda: (handle,)),
        "map_handle": (3, lambda: (handle, offset, data[:50])),
    }
    if handle in handles:
        choices.update(with_handle)
    name = rng.choices(list(choices), [weight for weight, _ in choices.values()])[0]
    return name, choices[name][1]()


def outcome(operations, name, arguments):
    try:
        return getattr(operations, name)(*arguments)
    except OSError as error:
        return "error " + errno.errorcode.get(error.errno, str(error.errno))


def short(value):
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


class Run:
    def __init__(self, top, ctl_fuse, seed, check_every, hard_links=False):
        self.rng, self.log, self.check_every = random.Random(seed), [], check_every
        self.known = []  # paths at the last comparison
        lowers = []
        for number in range(LAYERS):
            lowers.append(os.path.join(top, f"lower{number}"))
            os.mkdir(lowers[-1])
            random_layer(self.rng, lowers[-1], [] if hard_links else None)
        self.sides = [Side(top, name, lowers, ctl_fuse, hard_links) for name in ("kernel", "ours")]
        self.ours_by_kernel = not hard_links  # the kernel has its marks in trusted.* then
        self.operations = [Operations(side) for side in self.sides]
        self.failed_as_expected = self.kernel_mended = 0

    def look_around(self):
        root = self.sides[0].root
        self.known = sorted(os.path.relpath(os.path.join(top, name), root) for top, dirs, files in os.walk(root) for name in dirs + files)

    def compare(self):
        try:
            return compare_trees(self.sides[0].root, self.sides[1].root, self.sides[1].server is None)
        except Difference as difference:
            self.refresh_kernel(difference)
            return compare_trees(self.sides[0].root, self.sides[1].root, self.sides[1].server is None)

    def refresh_kernel(self, why):
        """What mounting the kernel's overlay anew mends was wrong in its memory alone: it may have two inodes for a file that it
        copied up and linked, and answers ESTALE or with what one of them remembers."""
        self.close_handles()
        self.sides[0].unmount()
        self.sides[0].mount()
        self.kernel_mended += 1
        self.log.append(f"(the kernel's overlay mounted anew: {why})")

    def close_handles(self):
        for operations in self.operations:
            for number in list(operations.handles):
                operations.close_handle(number)

    def mount_again(self, by_kernel=None):
        self.close_handles()
        for side in self.sides:
            side.unmount()
        self.sides[0].mount()
        self.sides[1].mount(by_kernel)
        self.compare()

    def after_failed_rename(self, source, target):
        """Where the target is not empty the kernel's overlay has changed the time stamps before it finds out."""
        for operations in self.operations:
            for path in (source, target):
                operations.utime(os.path.dirname(path), OLD)

    def step(self):
        name, arguments = random_operation(self.rng, self.operations[0].handles, self.known)
        self.log.append(f"{name}{tuple(short(argument) for argument in arguments)}")
        kernel, ours = self.operations
        expected = outcome(kernel, name, arguments)
        if expected == "error ESTALE":
            self.refresh_kernel(self.log[-1])
            if name.endswith("_handle"):
                return
            expected = outcome(kernel, name, arguments)
        found = outcome(ours, name, arguments)
        self.log[-1] += f" = {short(expected)}"
        self.failed_as_expected += isinstance(expected, str) and expected.startswith("error")
        if expected != found:
            raise Difference(f"{self.log[-1]} with the kernel, {short(found)} with ours")
        if name == "rename" and expected == "error ENOTEMPTY":
            self.after_failed_rename(*arguments[:2])

    def run(self, count):
        for side in self.sides:
            side.mount()
        try:
            files = self.compare()
            for number in range(1, count + 1):
                if number % 50 == 1:
                    self.look_around()
                self.step()
                if number % self.check_every == 0:
                    files = self.compare()
                if number % 2500 == 0:
                    self.mount_again()
                if number % 10000 == 0 and self.ours_by_kernel:
                    self.mount_again(by_kernel=True)
                    self.mount_again()
            self.mount_again(by_kernel=self.ours_by_kernel or None)
            print(f"{count} operations, {self.failed_as_expected} of them failed in the same way; {files} files at the end; no difference; "
                  f"the kernel's overlay was mended {self.kernel_mended} times")
        finally:
            self.close_handles()
            for side in self.sides:
                subprocess.run(["umount", side.root], check=False, stderr=subprocess.DEVNULL)


def enter_namespaces(script, as_root=False):
    """Runs it again as root of a user namespace; its exit status. --kill-child: whatever happens, no server is left."""
    user = [] if as_root else ["--user", "--map-root-user", "--map-auto"]
    inside = ["unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return subprocess.run([*inside, sys.executable, script, *sys.argv[1:], "--inside"], check=False).returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ctl-fuse", required=True)
    parser.add_argument("--ops", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", default="/var/tmp")
    parser.add_argument("--check-every", type=int, default=250, help="compare the trees after so many operations")
    parser.add_argument("--hard-links", action="store_true", help="as root: lower files with several names, the kernel's overlay with index=on")
    parser.add_argument("--keep", action="store_true", help="leave the directories for looking at them")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        sys.exit(enter_namespaces(os.path.abspath(__file__), options.hard_links))
    os.umask(0o022)
    top = tempfile.mkdtemp(prefix="ctl-random.", dir=options.dir)
    run = Run(top, os.path.abspath(options.ctl_fuse), options.seed, options.check_every, options.hard_links)
    try:
        run.run(options.ops)
    except Difference as difference:
        print(f"seed {options.seed}, operation {len(run.log)}: {difference}")
        print("the last operations:", *run.log[-12:], sep="\n  ")
        sys.exit(1)
    finally:
        if not options.keep:
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
