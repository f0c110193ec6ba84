#!/usr/bin/env python3
"""Cuts the power at every point of what ctl writes, and looks at what ctl makes of the disk.

    power.py --ctl BUILD/cli/ctl [--states N] [--seed N] [--story NAME] [--at STORY:JOURNAL:PART:ORDER:VARIANT] [--keep]

Commands that change the store run under strace (trace.py); their calls go into a model of the disk (disk.py, record.py), which
is compared with the real directory after every command. Then, for each call that changed or synced something, the states
that a power cut right after it may leave are made on the disk, and ctl opens them as after a reboot:

    images and containers that a finished command had made are there; what is listed has all its files, and runs;
    `system check`, which reads every byte, finds no damage; images can be loaded and pulled again;
    when all is removed and pruned, nothing is left.

--states takes as many of them at random. As root, which becomes the user of the behaviour tests; else skipped (77).
"""
import argparse
import dataclasses
import itertools
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../cli")]
import images  # noqa: E402
import record  # noqa: E402
import run as behaviour  # noqa: E402 the user, as in the behaviour tests
import trace  # noqa: E402
from disk import Content, Journal, snapshot  # noqa: E402

OTHER_BOOT = b"00000000-0000-4000-8000-000000000000"
RUN = ["run", "--rm", "--network=none", "--pull=never"]
# What is run under strace, and (beginning with "+") what is not: then everything counts as synced.
STORIES = {
    "load": [["load", "-i", "{first}"], ["load", "-i", "{second}"], ["tag", "localhost/first", "other"], ["untag", "other"]],
    "pull": [["pull", "--tls-verify=false", "{registry}/first"], ["pull", "--tls-verify=false", "{registry}/second"]],
    "remove": [["+load", "-i", "{first}"], ["+load", "-i", "{second}"], ["rmi", "localhost/second"], ["system", "prune", "-f"],
               ["load", "-i", "{second}"], ["rmi", "-a"], ["load", "-i", "{first}"]],
    "commit": [["+load", "-i", "{first}"],
               ["+run", "--name", "c", "--network=none", "localhost/first", "sh", "-c", "echo new >/new; busybox rm -rf /data/sub /etc/passwd"],
               ["commit", "c", "made"], ["commit", "c", "made"], ["rm", "c"]],
    "create": [["+load", "-i", "{first}"], ["create", "--name", "c", "--network=none", "-v", "vol:/v", "localhost/first", "busybox", "true"],
               ["rename", "c", "d"], ["create", "--name", "e", "--network=none", "localhost/first", "busybox", "true"], ["rm", "d"],
               ["volume", "create", "w"], ["volume", "rm", "w"]],
    "import": [["import", "{rootfs}", "imported"], ["import", "{rootfs}", "again"]], # one layer for both
    "artifact": [["artifact", "add", "localhost/a:1", "{rootfs}", "{first}"], ["artifact", "add", "--append", "localhost/a:1", "{second}"],
                 ["artifact", "add", "localhost/b:1", "{first}"], ["artifact", "rm", "localhost/a:1"]],
    # Layers of another store, by links: that store is elsewhere and has nothing to lose.
    "linked": [["+--root", "{shared}", "load", "-i", "{first}"],
               ["--storage-opt", "additionalimagestore={shared}", "create", "--name", "c", "--network=none", "localhost/first", "busybox", "true"],
               ["--storage-opt", "additionalimagestore={shared}", "load", "-i", "{second}"], ["rm", "c"]],
}
# How much of the metadata past what was synced is there, and what of the content.
VARIANTS = {Journal.whole: [("least", Content.none), ("all", Content.none), ("all", Content.zeros), ("all", Content.torn),
                            ("all", Content.kept), ("random", None)],
            Journal.log: [("least", Content.none), ("least", Content.kept), ("random", None)]}


class Broken(Exception):
    """ctl did not do after the cut what it has to."""


@dataclasses.dataclass
class Known:
    """What ctl said that there is."""
    images: dict      # name -> id
    containers: set
    volumes: set
    artifacts: set    # name@digest


@dataclasses.dataclass
class Part:
    """Commands that were recorded in one go."""
    story: str
    number: int
    journal: Journal
    disk: object
    ends: list        # (order of its end, the command)
    known: list       # Known before the first command and after each


class World:
    """A user's directories, always at the same place, since containers' records have paths."""

    def __init__(self, ctl, top, user):
        self.ctl, self.top, self.user = ctl, top, user
        self.data, self.store = os.path.join(top, "data"), os.path.join(top, "data", "ctl")
        self.environment = {"HOME": top + "/home", "XDG_DATA_HOME": self.data, "XDG_RUNTIME_DIR": top + "/run", "PATH": behaviour.PATH}
        self.first_id = {}
        for kind in ("uid", "gid"):
            with open("/etc/sub" + kind, encoding="utf-8") as lines:
                self.first_id[kind] = next(int(line.split(":")[1]) for line in lines if line.startswith(user.pw_name + ":"))
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            self.boot = file.read().strip()
        self.clean()

    def clean(self):
        for name in ("home", "data", "run"):
            shutil.rmtree(os.path.join(self.top, name), ignore_errors=True)
            os.mkdir(os.path.join(self.top, name), 0o700)
            os.chown(os.path.join(self.top, name), self.user.pw_uid, self.user.pw_gid)

    def own(self, uid, gid):
        return (self.user.pw_uid if uid == 0 else self.first_id["uid"] + uid - 1,
                self.user.pw_gid if gid == 0 else self.first_id["gid"] + gid - 1)

    def disown(self, uid, gid):
        return (0 if uid == self.user.pw_uid else uid - self.first_id["uid"] + 1,
                0 if gid == self.user.pw_gid else gid - self.first_id["gid"] + 1)

    def call(self, *arguments):
        """(status, output, errors) of ctl."""
        env = [f"{name}={value}" for name, value in self.environment.items()]
        done = subprocess.run(["setpriv", "--reuid", str(self.user.pw_uid), "--regid", str(self.user.pw_gid), "--init-groups", "env",
                               "-i", *env, self.ctl, *arguments], cwd=self.top, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def must(self, *arguments):
        status, output, errors = self.call(*arguments)
        if status != 0:
            raise Broken(f"ctl {' '.join(arguments)}: exit {status}: {errors.strip() or output.strip()}")
        return output

    def known(self):
        listed = [line.rsplit(" ", 1) for line in
                  self.must("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").splitlines()]
        return Known({name: ident for name, ident in listed if name != "<none>:<none>"},
                     set(self.must("ps", "--all", "--format", "{{.Names}}").split()),
                     set(self.must("volume", "ls", "--quiet").split()),
                     set(self.must("artifact", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}}@{{.Digest}}").split()))


# ---- recording

def compare(state, real, after):
    """The model must say what there is, or the record is not complete."""
    expected, found = state.tree(), real.after_cut(0, Journal.whole, 0, None).tree()
    wrong = [path for path in sorted(expected.keys() | found.keys()) if expected.get(path) != found.get(path)]
    if wrong:
        raise SystemExit(f"the record is wrong after {after}: {wrong[:5]}\nmodel: {expected.get(wrong[0])}\ndisk:  {found.get(wrong[0])}")


def record_story(world, story, journal, fill):
    """The story's parts."""
    world.clean()
    if story in ("create", "linked"):
        world.must("info") # tries the overlay out: what is written through a mount is not in the record
    parts, part, recorder = [], None, None
    for command in STORIES[story]:
        words = [fill(word) for word in command]
        if words[0].startswith("+"):
            world.must(words[0][1:], *words[1:])
            part = None
            continue
        if part is None:
            part = Part(story, len(parts), journal, snapshot(os.fsencode(world.data), world.disown), [], [world.known()])
            parts.append(part)
            recorder = record.Recorder(part.disk, world.data)
        before = part.ends[-1][0] if part.ends else 0
        status, output, calls = trace.run([world.ctl, *words], world.user.pw_name, world.environment, world.top + "/trace",
                                          journal.value)
        if status != 0:
            raise SystemExit(f"ctl {' '.join(words)} failed under strace: {output}")
        part.ends.append((recorder.apply(calls, before) + 1, " ".join(command)))
        compare(part.disk.after_cut(part.ends[-1][0], Journal.whole, part.ends[-1][0], lambda _: Content.kept),
                snapshot(os.fsencode(world.data), world.disown), words)
        part.known.append(world.known())
    return parts


# ---- cutting

def variants(part, order, seed):
    """(number, State) of what a cut after `order` may leave."""
    for number, (prefix, content) in enumerate(VARIANTS[part.journal]):
        dice = random.Random(f"{seed}:{part.story}:{part.number}:{order}:{number}")
        least = part.disk.last_whole(order, part.journal)
        upto = {"least": least, "all": order, "random": dice.randint(least, order)}[prefix]
        yield number, part.disk.after_cut(order, part.journal, upto, lambda _: content or dice.choice(list(Content)))


def all_states(parts, seed):
    """One of each kind, as ((part, order, number), State, commands finished)."""
    seen = set()
    for part in parts:
        ends = [end for end, _ in part.ends]
        for order in sorted(set(part.disk.orders() + ends)):
            done = sum(end <= order for end in ends)
            for number, state in variants(part, order, seed):
                key = (part.story, part.number, done, state.key())
                if key not in seen:
                    seen.add(key)
                    yield (part, order, number), state, done


# ---- looking at what is left

def layer_trees(state, hexes):
    return {name: state.tree(b"ctl/layers/" + name.encode() + b"/fs") for name in hexes}


def expected_layers(parts):
    """{hex: tree} of all layers that the commands made."""
    trees = {}
    for part in parts:
        for end, _ in part.ends:
            state = part.disk.after_cut(end, Journal.whole, end, lambda _: Content.kept)
            for path, _ in state.walk():
                directory, _, name = path.rpartition(b"/")
                if directory == b"ctl/layers" and not name.startswith(b"."):
                    trees[name.decode()] = state.tree(path + b"/fs")
    return trees


def look_for_finished(part, done, now):
    before = part.known[done]
    after = part.known[min(done + 1, len(part.known) - 1)]
    for name, ident in before.images.items():
        if after.images.get(name) == ident and now.images.get(name) != ident:
            raise Broken(f"{name} was there before the cut, as {ident[:19]}; now: {now.images.get(name)}")
    for kind in ("containers", "volumes", "artifacts"):
        lost = (getattr(before, kind) & getattr(after, kind)) - getattr(now, kind)
        if lost:
            raise Broken(f"{kind} that were there before the cut: {lost}")


def look_at_images(world, state, now, layers):
    for name, ident in now.images.items():
        for digest in world.must("image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", ident).split():
            hexes = digest.removeprefix("sha256:")
            if layer_trees(state, [hexes])[hexes] != layers[hexes]:
                raise Broken(f"{name} is listed, and its layer {hexes[:12]} is not what it was")
        world.must(*RUN, ident if name.endswith("<none>") else name, "busybox", "true")


def look_for_leaks(world):
    world.must("rm", "--all", "--force")
    world.must("rmi", "--all", "--force")
    world.must("artifact", "rm", "--all")
    world.must("system", "prune", "--all", "--force", "--volumes")
    if said := world.must("system", "check"):
        raise Broken(f"after prune, check says: {said}")
    left = []
    for path, directories, files in os.walk(world.store):
        inside = os.path.relpath(path, world.store)
        if inside.split("/")[0] in ("events", "known-blobs", "mountpoints"): # kept: what happened, hints for a push, the bottommost layer
            continue
        left += [os.path.join(inside, name) for name in files if not name.endswith("lock")]
        left += [os.path.join(inside, name) for name in directories if os.path.islink(os.path.join(path, name))
                 or inside not in (".", "blobs", "artifacts")]
    if left:
        raise Broken(f"left after prune: {sorted(left)[:5]}")


def age(world):
    """Prune waits a day for what others may be making."""
    for name in ("partial", "tmp"):
        directory = os.path.join(world.store, name)
        for entry in os.listdir(directory) if os.path.isdir(directory) else []:
            os.utime(os.path.join(directory, entry), (time.time() - 100000,) * 2, follow_symlinks=False)


def look(world, place, state, done, layers, again):
    """Opens a state as after a reboot."""
    part, _, _ = place
    world.clean()
    state.build(os.fsencode(world.data), lambda data: data.replace(world.boot, OTHER_BOOT), world.own)
    age(world)
    now = world.known()
    look_for_finished(part, done, now)
    look_at_images(world, state, now, layers)
    status, output, errors = world.call("system", "check")
    if status != 0:
        raise Broken(f"check finds damage: {output}{errors}")
    for container in world.must("ps", "--all", "--quiet", "--no-trunc").split():
        world.must("start", "--attach", container)
    for name, command in again.items():
        world.must(*command)
        world.must(*RUN, name, "busybox", "true")
    look_for_leaks(world)


def name_of(place):
    part, order, number = place
    return f"{part.story}:{part.journal.name}:{part.number}:{order}:{number}"


def describe(place, done):
    part, order, number = place
    prefix, content = VARIANTS[part.journal][number]
    finished = part.ends[done - 1][1] if done else "nothing"
    return (f"{name_of(place)}, after {finished}: metadata {prefix}, content "
            f"{content.name if content else 'at random'}")


def examine(world, parts, options, again):
    layers = expected_layers(parts)
    states = list(all_states(parts, options.seed))
    if options.at:
        states = [s for s in states if name_of(s[0]) == options.at]
    elif options.states and options.states < len(states):
        states = random.Random(options.seed).sample(states, options.states)
    failed = 0
    for place, state, done in states:
        try:
            look(world, place, state, done, layers, again)
        except Broken as e:
            failed += 1
            print(f"not ok: {describe(place, done)}: {e}", flush=True)
            if options.at and options.keep:
                world.clean()
                state.build(os.fsencode(world.data), lambda data: data.replace(world.boot, OTHER_BOOT), world.own)
                sys.exit(f"kept as it was after the cut: {world.top}")
    return len(states), failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ctl", required=True)
    parser.add_argument("--states", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--story", choices=sorted(STORIES), action="append")
    parser.add_argument("--at")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("strace"):
        print("skipped: only root's strace can follow newuidmap, which is setuid; install strace and run this as root")
        return 77
    behaviour.open_devices()
    user = behaviour.ensure_user(os.environ.get("CTL_TEST_USER", "ctltest"))
    top = tempfile.mkdtemp(prefix="ctl-power.", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.chmod(top, 0o755)
    try:
        return tell(World(os.path.abspath(options.ctl), top, user), options)
    finally:
        if not options.keep:
            shutil.rmtree(top)


def tell(world, options):
    os.mkdir(world.top + "/images")
    archives, layouts = images.make(world.top + "/images")
    registry = images.Registry(layouts)
    host = f"127.0.0.1:{registry.server_address[1]}"
    words = {**archives, "registry": host, "rootfs": images.base_layer(layouts["first"]), "shared": world.top + "/shared"}
    os.mkdir(words["shared"])
    os.chown(words["shared"], world.user.pw_uid, world.user.pw_gid)
    again = [{f"localhost/{name}": ["load", "-i", archive] for name, archive in archives.items()},
             {f"{host}/{name}": ["pull", "--tls-verify=false", f"{host}/{name}"] for name in archives}]
    stories = [options.at.split(":")[0]] if options.at else options.story or list(STORIES)
    bad = 0
    for story, journal in itertools.product(stories, Journal):
        began = time.monotonic()
        parts = record_story(world, story, journal, lambda word: word.format(**words))
        points = sum(len(part.disk.orders()) for part in parts)
        count, failed = examine(world, parts, options, again[story == "pull"])
        bad += failed
        print(f"{story} ({journal.name}): {points} points to cut at, {count} states looked at, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
