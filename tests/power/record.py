"""Applies the calls that strace saw (trace.py) to the model of the disk (disk.py)."""
import dataclasses
import os
import re
import stat

from disk import content
from trace import descriptor, text, unescape

IGNORED = {"exit_group", "fstatfs"}


class Unknown(Exception):
    """A call that changes files in a way that the model does not know: it has to be taught."""


class Recorder:
    def __init__(self, disk, top):
        self.disk, self.top = disk, os.fsencode(top)
        self.gone = {}        # path of a file without a name -> Node, as /proc has it
        self.opened = {}      # (pid, descriptor) -> path: for names in /proc/self/fd
        self.working = {}     # pid -> working directory, where it has changed
        self.positions = {}   # Node's ident -> where the next write goes; "end" with O_APPEND
        self.done = 0         # the order of the last change

    def apply(self, calls, after):
        """Applies them; orders start at `after`. Returns the last order."""
        for call in calls:
            order = after + call.ended
            handler = getattr(self, "do_" + call.name, None)
            try:
                if handler:
                    handler(order, after + call.began, call)
                elif call.name not in IGNORED:
                    raise Unknown(call.name)
            except (Unknown, ValueError, KeyError, AttributeError) as e:
                shown = [unescape(arg.strip(b'"'))[:120] for arg in call.args]
                raise Unknown(f"{call.name}{shown}: {e!r}") from e
            self.done = order
        return max([after] + [after + call.ended for call in calls])

    # ---- names

    def inside(self, path):
        """The path relative to the top, None for one elsewhere."""
        path = os.path.normpath(path)
        if path == self.top:
            return b""
        return path[len(self.top) + 1:] if path.startswith(self.top + b"/") else None

    def place(self, directory, name, call):
        """The absolute path of *at() arguments."""
        path = text(name)
        number, base, _ = descriptor(directory) if directory else (None, None, False)
        if number is not None:
            self.opened[(call.pid, number)] = base
        if through := re.match(rb"/proc/(?:self|thread-self|\d+)/fd/(\d+)(.*)$", path, re.DOTALL):
            base = self.opened.get((call.pid, int(through[1])))
            if base is None:
                base = next((p for (_, n), p in reversed(self.opened.items()) if n == int(through[1])), None)
            if base is None:
                raise Unknown(f"no path for {path!r}")
            return base + through[2]
        if not base:
            base = self.working.get(call.pid, b"/")
        return os.path.join(base, path)

    def parent(self, path):
        """(directory's Node, name), None outside."""
        inside = self.inside(path)
        if not inside:
            return None
        node = self.disk.find(os.path.dirname(inside))
        if node is None:
            raise Unknown(f"no directory for {path!r}")
        return node, os.path.basename(inside)

    def node(self, arg, call):
        """Of a descriptor with its path; None outside."""
        number, path, is_gone = descriptor(arg)
        if path is None:
            return None
        self.opened[(call.pid, number)] = path
        if path in self.gone and (is_gone or self.inside(path) is None or self.disk.find(self.inside(path)) is None):
            return self.gone[path]
        inside = self.inside(path)
        return None if inside is None else self.disk.find(inside)

    def node_at(self, directory, name, call):
        path = self.place(directory, name, call)
        if path in self.gone:
            return self.gone[path]
        inside = self.inside(path)
        return None if inside is None else self.disk.find(inside)

    def do_chdir(self, _order, _, call):
        self.working[call.pid] = self.place(None, call.args[0], call)

    def do_fchdir(self, _order, _, call):
        self.working[call.pid] = descriptor(call.args[0])[1]

    # ---- opening and making

    def do_openat(self, order, _, call, flags_at=2):
        number, path, is_gone = descriptor(call.result)
        flags = call.args[flags_at].split(b"|")
        self.opened[(call.pid, number)] = path
        if path is None or self.inside(path) is None:
            return
        if b"O_TMPFILE" in flags:
            self.gone[path] = self.disk.make(stat.S_IFREG, int(call.args[flags_at + 1], 8))
            self.positions[self.gone[path].ident] = 0
            return
        place = self.parent(path)
        node = self.node(call.result, call)
        if node is None:
            if b"O_CREAT" not in flags or is_gone:
                raise Unknown(f"{path!r} was not known")
            node = self.disk.make(stat.S_IFREG, int(call.args[flags_at + 1], 8))
            self.disk.link(order, *place, node)
        elif b"O_TRUNC" in flags:
            self.disk.truncate(order, node, 0)
        if b"O_PATH" not in flags and (b"O_WRONLY" in flags or b"O_RDWR" in flags):
            self.positions[node.ident] = "end" if b"O_APPEND" in flags else 0

    def do_openat2(self, order, _, call):
        how = call.args[2]
        flags = re.search(rb"flags=([A-Z_|]+)", how)[1]
        mode = re.search(rb"mode=(0\d*)", how)
        self.do_openat(order, _, dataclasses.replace(call, args=[call.args[0], call.args[1], flags, mode[1] if mode else b"0"]))

    def do_open(self, order, _, call):
        self.do_openat(order, _, call, 1)

    def make(self, order, path, node):
        if place := self.parent(path):
            self.disk.link(order, *place, node())

    def do_mkdirat(self, order, _, call):
        directory, name, mode = ([None] + call.args)[-3:]
        self.make(order, self.place(directory, name, call), lambda: self.disk.make(stat.S_IFDIR, int(mode, 8)))

    do_mkdir = do_mkdirat

    def do_mknodat(self, order, _, call):
        kind, _, mode = call.args[2].rpartition(b"|")
        device = re.findall(rb"0x[0-9a-f]+|0\b", call.args[3]) if len(call.args) > 3 else [b"0", b"0"]
        self.make(order, self.place(call.args[0], call.args[1], call), lambda: self.disk.make(
            getattr(stat, kind.decode()), int(mode, 8), device=os.makedev(*(int(part, 16) for part in (device + [b"0"])[:2]))))

    def do_symlinkat(self, order, _, call):
        target, directory, name = call.args if len(call.args) == 3 else (call.args[0], None, call.args[1])
        self.make(order, self.place(directory, name, call), lambda: self.disk.make(stat.S_IFLNK, 0o777, text(target)))

    do_symlink = do_symlinkat

    def do_linkat(self, order, _, call):
        if text(call.args[1]) == b"":
            node = self.node(call.args[0], call)
        else:
            node = self.node_at(call.args[0], call.args[1], call)
        if place := self.parent(self.place(call.args[2], call.args[3], call)):
            if node is None:
                raise Unknown("a link from elsewhere")
            self.disk.link(order, *place, node)

    def do_unlinkat(self, order, _, call):
        directory, name = (call.args[0], call.args[1]) if len(call.args) == 3 else (None, call.args[0])
        path = self.place(directory, name, call)
        if place := self.parent(path):
            self.gone[path] = self.disk.find(self.inside(path))
            self.disk.unlink(order, *place)

    do_unlink = do_rmdir = do_unlinkat

    def do_renameat2(self, order, _, call):
        arguments = call.args if len(call.args) > 2 else [None, call.args[0], None, call.args[1]]
        old, new = self.place(arguments[0], arguments[1], call), self.place(arguments[2], arguments[3], call)
        source, target = self.parent(old), self.parent(new)
        if (source is None) != (target is None):
            raise Unknown("a name that comes or goes")
        if source:
            flags = arguments[4] if len(arguments) > 4 else b""
            if b"WHITEOUT" in flags:
                raise Unknown("RENAME_WHITEOUT")
            self.gone[new] = self.disk.find(self.inside(new))
            self.disk.rename(order, source, target, b"EXCHANGE" in flags)

    do_rename = do_renameat = do_renameat2

    # ---- content

    def put(self, order, node, data, offset=None):
        if offset is None:
            position = self.positions.get(node.ident, 0)
            offset = self.disk.size(node) if position == "end" else position
            if position != "end":
                self.positions[node.ident] = offset + len(data)
        self.disk.write(order, node, offset, data)

    def do_write(self, order, _, call):
        if node := self.node(call.args[0], call):
            self.put(order, node, text(call.args[1])[:int(call.result)])

    def do_pwrite64(self, order, _, call):
        if node := self.node(call.args[0], call):
            self.put(order, node, text(call.args[1])[:int(call.result)], int(call.args[3]))

    def do_writev(self, order, _, call):
        if node := self.node(call.args[0], call):
            data = b"".join(text(found) for found in re.findall(rb'iov_base=("[^"]*")', call.args[1]))
            self.put(order, node, data[:int(call.result)])

    def do_lseek(self, _order, _, call):
        if (node := self.node(call.args[0], call)) and self.positions.get(node.ident) != "end":
            self.positions[node.ident] = int(call.result)

    def do_ftruncate(self, order, _, call):
        if node := self.node(call.args[0], call):
            self.disk.truncate(order, node, int(call.args[1]))

    def do_fallocate(self, order, _, call):
        if (node := self.node(call.args[0], call)) and call.args[1] != b"FALLOC_FL_KEEP_SIZE":
            raise Unknown("fallocate")

    def do_copy_file_range(self, order, _, call):
        source, target = self.node(call.args[0], call), self.node(call.args[2], call)
        if target is None:
            return
        if source is None or b"NULL" in (call.args[1], call.args[3]):
            raise Unknown("copy_file_range from elsewhere")
        start, length = int(call.args[1].strip(b"[]").split(b"=>")[0]), int(call.result)
        self.put(order, target, content(source, source.writes)[start:start + length], int(call.args[3].strip(b"[]").split(b"=>")[0]))

    def do_sendfile(self, _order, _, call):
        if self.node(call.args[0], call):
            raise Unknown("the bytes are not to be seen")

    def do_splice(self, _order, _, call):
        if self.node(call.args[2], call):
            raise Unknown("the bytes are not to be seen")

    def do_mmap(self, _order, _, call):
        if b"MAP_SHARED" in call.args[3] and b"PROT_WRITE" in call.args[2] and call.args[4] != b"-1" and self.node(call.args[4], call):
            raise Unknown("the bytes are not to be seen")

    def do_ioctl(self, _order, _, call):
        if call.args[1].startswith((b"FICLONE", b"BTRFS_IOC_CLONE")) and self.node(call.args[0], call):
            raise Unknown("the bytes are not to be seen")

    def do_io_uring_setup(self, *_):
        raise Unknown("its calls are not to be seen")

    # ---- attributes

    def set(self, order, node, name, value):
        if node is not None:
            self.disk.set_attribute(order, node, name, value)

    def do_fchmod(self, order, _, call):
        self.set(order, self.node(call.args[0], call), "mode", int(call.args[1], 8))

    def do_fchmodat(self, order, _, call):
        self.set(order, self.node_at(call.args[0], call.args[1], call), "mode", int(call.args[2], 8))

    do_fchmodat2 = do_fchmodat

    def do_chmod(self, order, _, call):
        self.set(order, self.node_at(None, call.args[0], call), "mode", int(call.args[1], 8))

    def own(self, order, node, uid, gid):
        if node is not None:
            old = self.disk.attributes[node.ident]["owner"]
            new = tuple(before if now == b"-1" else int(now) for before, now in zip(old, (uid, gid)))
            self.set(order, node, "owner", new)

    def do_fchown(self, order, _, call):
        self.own(order, self.node(call.args[0], call), *call.args[1:])

    def do_fchownat(self, order, _, call):
        node = self.node(call.args[0], call) if text(call.args[1]) == b"" else self.node_at(call.args[0], call.args[1], call)
        self.own(order, node, *call.args[2:4])

    def do_lchown(self, order, _, call):
        self.own(order, self.node_at(None, call.args[0], call), *call.args[1:])

    do_chown = do_lchown

    def do_fsetxattr(self, order, _, call):
        self.set(order, self.node(call.args[0], call), text(call.args[1]), text(call.args[2])[:int(call.args[3])])

    def do_setxattr(self, order, _, call):
        self.set(order, self.node_at(None, call.args[0], call), text(call.args[1]), text(call.args[2])[:int(call.args[3])])

    do_lsetxattr = do_setxattr

    def do_fremovexattr(self, order, _, call):
        self.set(order, self.node(call.args[0], call), text(call.args[1]), None)

    # ---- putting it on the disk

    def do_fsync(self, order, began, call):
        if node := self.node(call.args[0], call):
            self.disk.sync(began, order, node)

    do_fdatasync = do_fsync

    def do_syncfs(self, order, began, call):
        if self.inside(descriptor(call.args[0])[1]) is not None:
            self.disk.sync(began, order, None)

    def do_sync_file_range(self, order, began, call):
        if (node := self.node(call.args[0], call)) and b"WAIT_AFTER" in call.args[3]:
            self.disk.sync(began, order, node, only_content=True)
