"""A model of a directory on a disk: what was done to it, in order, what of it was synced, and what a power cut may leave.

Two kinds of changes. Metadata (names, owners, modes, attributes) goes through a journal: after a cut there is a prefix of what
was done, plus what fsync(2) has written past it, with all that this needs. Content is written whenever the kernel likes: what was not synced may be there, missing or zeros, as if the file had been
made and never been written.

    ext4, XFS      one journal: an fsync of anything puts everything before it on the disk (`Journal.whole`)
    Btrfs, F2FS    an fsync writes a log of that file or directory only (`Journal.log`); the rest waits for the next
                   commit of all. Names of the directories above that are new go with it.
"""
import dataclasses
import enum
import hashlib
import os
import stat


class Journal(enum.Enum):
    """With the type that statfs(2) tells of such a disk (linux/magic.h)."""
    whole = 0xef53      # ext4
    log = 0x9123683e    # Btrfs


class Content(enum.Enum):
    """What becomes of content that was not synced."""
    kept = 1
    none = 2    # the file has the length that was synced: 0 for a new one
    zeros = 3   # the length is there, the bytes are not
    torn = 4    # the first half of the changes


class Node:
    """A file, directory, symbolic link or device, under whatever names."""

    def __init__(self, ident, kind, mode=0, target=b"", device=0):
        self.ident = ident
        self.kind = kind                    # stat.S_IFREG …
        self.target = target                # of a symbolic link
        self.device = device
        self.first = {"mode": mode, "owner": (0, 0)}
        self.content = b""                  # as the snapshot had it
        self.names = {}                     # the same, of a directory: name -> Node
        self.writes = []                    # (order, offset, bytes) or (order, size, None): a change of length


@dataclasses.dataclass
class Change:
    """Of metadata. `keys` are the names it changes: (directory's ident, name)."""
    order: int
    keys: list
    apply: object       # called with the state's names {(ident, name): Node} and attributes {ident: {…}}
    node: Node = None   # of a change of attributes


class Disk:
    def __init__(self):
        self.root = Node(0, stat.S_IFDIR, 0o755)
        self.nodes = [self.root]
        self.changes = []                   # of metadata, in order
        self.syncs = []                     # (began, ended, Node or None for everything, whether only its bytes)
        self.names = {}                     # now: (directory's ident, name) -> Node
        self.attributes = {0: dict(self.root.first)}
        self.first_names = {}

    # ---- what is done to it; `order` says when

    def make(self, kind, mode=0, target=b"", device=0):
        node = Node(len(self.nodes), kind, mode, target, device)
        self.nodes.append(node)
        self.attributes[node.ident] = dict(node.first)
        return node

    def do(self, change):
        self.changes.append(change)
        change.apply(self.names, self.attributes)

    def link(self, order, directory, name, node):
        key = (directory.ident, name)
        self.do(Change(order, [key], lambda names, _: names.__setitem__(key, node)))

    def unlink(self, order, directory, name):
        key = (directory.ident, name)
        self.do(Change(order, [key], lambda names, _: names.pop(key, None)))

    def rename(self, order, old, new, exchange=False):
        """Of (directory, name) to another, replacing what is there."""
        source, target = (old[0].ident, old[1]), (new[0].ident, new[1])

        def apply(names, _):
            moved, other = names.pop(source, None), names.pop(target, None)
            if moved:
                names[target] = moved
            if exchange and other:
                names[source] = other

        self.do(Change(order, [source, target], apply))

    def set_attribute(self, order, node, name, value):
        def apply(_, attributes):
            if value is None:
                attributes[node.ident].pop(name, None)
            else:
                attributes[node.ident][name] = value

        self.do(Change(order, [], apply, node))

    def write(self, order, node, offset, data):
        node.writes.append((order, offset, data))

    def truncate(self, order, node, size):
        node.writes.append((order, size, None))

    def sync(self, began, ended, node, only_content=False):
        self.syncs.append((began, ended, node, only_content))

    # ---- looking

    def find(self, path):
        """The Node at a path (bytes, relative to the root), None where there is none."""
        node = self.root
        for name in path.split(b"/"):
            if name not in (b"", b"."):
                node = self.names.get((node.ident, name)) if node else None
        return node

    def size(self, node):
        return len(content(node, node.writes))

    def orders(self):
        """When something changed or was synced: the points to cut at."""
        every = {change.order for change in self.changes} | {sync[1] for sync in self.syncs}
        return sorted(every | {write[0] for node in self.nodes for write in node.writes})

    # ---- what a cut leaves

    def last_whole(self, cut, journal):
        """Up to which order all metadata is on the disk."""
        whole = 0
        for began, ended, node, only_content in self.syncs:
            if ended <= cut and not only_content and (node is None or journal == Journal.whole):
                whole = max(whole, began)
        return whole

    def after_cut(self, cut, journal, prefix, choose):
        """The State after a cut right after `cut`: with all metadata up to `prefix`, at least last_whole(), and what fsync has
        put past it. `choose(node)` says what becomes of a node's unsynced content."""
        prefix = max(prefix, self.last_whole(cut, journal))
        kept = [change for change in self.changes if change.order <= prefix]
        later = [change for change in self.changes if prefix < change.order <= cut]
        if journal == Journal.log:
            kept += self.logged(later, cut)
        names, attributes = dict(self.first_names), {node.ident: dict(node.first) for node in self.nodes}
        for change in kept:
            change.apply(names, attributes)
        return State(self, names, attributes, {node.ident: self.content_after(node, cut, journal, choose) for node in self.nodes
                                               if stat.S_ISREG(node.kind)})

    def logged(self, later, cut):
        """Those of the later changes that an fsync of the file or directory that they concern, or of one below, has written."""
        wanted = [False] * len(later)
        for began, ended, node, only_content in self.syncs:
            if ended > cut or node is None or only_content:
                continue
            above = self.way_to(node, began)
            for i, change in enumerate(later):
                if change.order <= began and (change.node is node or any(key[0] == node.ident or key in above for key in change.keys)):
                    wanted[i] = True
        needed = set()  # names: what was done to them before has to be there too
        for i in range(len(later) - 1, -1, -1):
            if wanted[i] or needed.intersection(later[i].keys):
                wanted[i] = True
                needed.update(later[i].keys)
        return [change for i, change in enumerate(later) if wanted[i]]

    def way_to(self, node, when):
        """The names that lead to a node at a time: those that fsync of it has to keep."""
        names = dict(self.first_names)
        for change in self.changes:
            if change.order <= when:
                change.apply(names, {n.ident: {} for n in self.nodes})
        parents = {}
        for key, child in names.items():
            parents.setdefault(child.ident, []).append(key)
        way, todo = set(), [node.ident]
        while todo:
            for key in parents.get(todo.pop(), []):
                if key not in way:
                    way.add(key)
                    todo.append(key[0])
        return way

    def content_after(self, node, cut, journal, choose):
        synced = 0
        for began, ended, what, only_content in self.syncs:
            if ended > cut or what not in (None, node):
                continue
            if only_content and ended > self.last_whole(cut, journal):
                continue  # the bytes are there, but the journal does not say where yet
            synced = max(synced, began)
        done = [write for write in node.writes if write[0] <= cut]
        sure = [write for write in done if write[0] <= synced]
        if len(sure) == len(done):
            return content(node, done)
        choice = choose(node)
        if choice == Content.kept:
            return content(node, done)
        if choice == Content.none:
            return content(node, sure)
        if choice == Content.torn:
            return content(node, done[:len(sure) + (len(done) - len(sure)) // 2])
        return content(node, sure + [(order, offset, bytes(len(data))) if data is not None else (order, offset, None)
                                     for order, offset, data in done[len(sure):]])


def content(node, writes):
    data = bytearray(node.content)
    for _, offset, written in writes:
        if written is None:
            del data[offset:]
            data.extend(bytes(offset - len(data)))
        else:
            data.extend(bytes(max(0, offset - len(data))))
            data[offset:offset + len(written)] = written
    return bytes(data)


class State:
    """What is on the disk."""

    def __init__(self, disk, names, attributes, contents):
        self.root, self.attributes, self.contents = disk.root, attributes, contents
        self.children = {}
        for (parent, name), node in names.items():
            self.children.setdefault(parent, {})[name] = node

    def walk(self):
        """(path, Node) of all, parents first."""
        todo = [(b"", self.root)]
        while todo:
            path, node = todo.pop()
            yield path, node
            todo.extend((path + b"/" + name if path else name, child) for name, child in
                        sorted(self.children.get(node.ident, {}).items(), reverse=True))

    def describe(self, node):
        attributes = self.attributes[node.ident]
        what = hashlib.sha256(self.contents[node.ident]).hexdigest() if stat.S_ISREG(node.kind) else (node.target, node.device)
        mode = None if stat.S_ISLNK(node.kind) else attributes["mode"]
        return (node.kind, mode, attributes["owner"], what, tuple(sorted((k, v) for k, v in attributes.items() if isinstance(k, bytes))))

    def tree(self, below=b""):
        """{path: description}, with hard links told by the first of their names."""
        seen, found = {}, {}
        for path, node in self.walk():
            if not below or path == below or path.startswith(below + b"/"):
                inside = path[len(below):]
                found[inside] = (seen.setdefault(node.ident, inside), self.describe(node))
        return found

    def key(self):
        return hashlib.sha256(repr(sorted(self.tree().items())).encode()).hexdigest()

    def build(self, top, replace, own):
        """Makes it under the existing directory `top`. `replace` changes content; `own(uid, gid)` gives the real owner."""
        made = {}
        for path, node in self.walk():
            place = os.path.join(top, path)
            attributes = self.attributes[node.ident]
            if node.ident in made:
                os.link(made[node.ident], place, follow_symlinks=False)
                continue
            made[node.ident] = place
            if stat.S_ISDIR(node.kind):
                if path:
                    os.mkdir(place)
            elif stat.S_ISLNK(node.kind):
                os.symlink(node.target, place)
            elif stat.S_ISREG(node.kind):
                with open(place, "wb") as file:
                    file.write(replace(self.contents[node.ident]))
            else:
                os.mknod(place, node.kind | 0o600, node.device)
            for name, value in attributes.items():
                if isinstance(name, bytes):
                    os.setxattr(place, name, value, follow_symlinks=False)
            os.chown(place, *own(*attributes["owner"]), follow_symlinks=False)
            if not stat.S_ISLNK(node.kind):
                os.chmod(place, attributes["mode"])


def snapshot(top, disown):
    """A Disk of what is below `top` now, as if all of it had been synced. `disown` is the inverse of build()'s `own`."""
    disk, known = Disk(), {}

    def fill(node, path):
        info = os.lstat(path)
        node.first = {"mode": stat.S_IMODE(info.st_mode), "owner": disown(info.st_uid, info.st_gid)}
        for name in os.listxattr(path, follow_symlinks=False):
            if not name.startswith("security."):
                node.first[os.fsencode(name)] = os.getxattr(path, name, follow_symlinks=False)
        disk.attributes[node.ident] = dict(node.first)
        if stat.S_ISREG(node.kind):
            with open(path, "rb") as file:
                node.content = file.read()
        if stat.S_ISDIR(node.kind):
            for name in os.listdir(path):
                add(node, name, os.path.join(path, name))

    def add(parent, name, path):
        info = os.lstat(path)
        node = known.get(info.st_ino)
        if node is None:
            target = os.readlink(path) if stat.S_ISLNK(info.st_mode) else b""
            node = known[info.st_ino] = disk.make(stat.S_IFMT(info.st_mode), target=target, device=info.st_rdev)
            fill(node, path)
        disk.first_names[(parent.ident, name)] = node

    fill(disk.root, top)
    disk.names = dict(disk.first_names)
    return disk
