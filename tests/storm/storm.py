#!/usr/bin/env python3
"""Many ctl commands at once on a few names, some of our processes killed halfway; then a look whether all is accounted for.

    storm.py --ctl BUILD/cli/ctl [--rounds N] [--seconds S] [--seed SEED] [--parallel K] [--storage-driver fuse] [--keep]

A round starts K random commands, kills up to three random processes of ours with SIGKILL (in every third round none), waits
for the commands, and checks:
  - no command crashed, hung, or reported an internal error; without kills a command on a name of its own did exactly its job
  - every process, mount, lock and directory belongs to a container that `ps` shows; check finds no damage
  - what was complete before the storm (a container, a volume, an image) is there and works
Every fourth round everything is removed and pruned, and then nothing at all may be left. Round R of a seed is the same
commands each time (not the same timing): --seed S --first R starts with it. Ends with a line "N passed, N failed".
"""
import argparse
import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../cli"))
import run as cli_run  # noqa: E402  (ensure_user, fixtures)

NAMES = ["s0", "s1", "s2", "s3"]
IMAGE = "busybox"
HANG = 120  # seconds after which a command counts as hanging; far beyond what a loaded machine needs
PORTS = range(23100, 23140)


class Failure(Exception):
    pass


def read_back(file):
    file.seek(0)
    return file.read().decode(errors="replace")


def commands(rng):
    """One random command: its words, and how long it may rightly take (None: as long as it needs)."""
    name = rng.choice(NAMES)
    network = rng.choice(["none", "none", "default"])
    nap = str(rng.choice([0, 0.05, 0.2, 1000]))
    short = str(rng.choice([0, 0.05, 0.3]))
    base = ["--name", name, "--network", network]
    port = ["-p", f"127.0.0.1:{rng.choice(PORTS)}:80"] if network == "default" else []
    volume = rng.choice([[], [], ["-v", "shared:/v"], ["-v", "/anonymous"]])
    init = rng.choice([[], ["--init"]])
    return rng.choice([
        ["run", "-d", *base, *port, *volume, *init, IMAGE, "sleep", nap],
        ["run", "-d", "--rm", *base, *port, *volume, IMAGE, "sleep", nap],
        ["run", "--rm", *base, *init, IMAGE, "sh", "-c", f"sleep {short}; exit 3"],
        ["run", *base, *volume, IMAGE, "sh", "-c", "echo out; echo err >&2"],
        ["run", "-d", "--restart", "on-failure:2", *base, IMAGE, "sh", "-c", f"sleep {short}; exit 1"],
        ["create", *base, *port, *volume, IMAGE, "sleep", nap],
        ["start", name],
        ["stop", "-t", rng.choice(["0", "1"]), name],
        ["stop", "-t", "0", *NAMES],
        ["restart", "-t", "0", name],
        ["kill", name],
        ["kill", "-s", "TERM", name],
        ["rm", name],
        ["rm", "-f", "-t", "0", name],
        ["rm", "-f", "-v", *NAMES],
        ["rename", name, rng.choice(NAMES)],
        ["exec", name, "true"],
        ["exec", name, "sh", "-c", "echo in; exit 4"],
        ["exec", "-d", name, "sleep", short],
        ["cp", f"{name}:/etc/hostname", "-"],
        ["logs", name],
        ["ps", "-a"],
        ["ps", "-a", "--format", "json"],
        ["inspect", name],
        ["wait", name],
        ["logs", "-f", name],
        ["system", "prune", "-f"],
        ["system", "check"],
        ["system", "df"],
        ["container", "prune", "-f"],
        ["diff", name],
        ["top", name],
        ["images"],
    ])


# These end with the container, which may live on; they are ended after a while.
PATIENT = {"wait", "logs"}


class Storm:
    def __init__(self, ctl, keep, driver):
        self.ctl, self.keep = ctl, keep
        self.waited_for = set()  # processes that somebody here waits for; all others that end as our children are orphans
        self.top = tempfile.mkdtemp(prefix="cs.", dir="/tmp")
        self.store = f"{self.top}/data/ctl"
        self.env = {**os.environ, "HOME": f"{self.top}/home", "XDG_DATA_HOME": f"{self.top}/data",
                    "XDG_RUNTIME_DIR": f"{self.top}/run", "CTL_STORAGE_DRIVER": driver}
        for name in ("home", "data", "run"):
            os.mkdir(f"{self.top}/{name}", 0o700)
        self.call("load", "-q", "-i", os.environ["CTL_FIXTURE_BUSYBOX"] + "/docker.tar")
        self.call("run", "--rm", "--network", "none", "-v", "kept:/k", IMAGE, "sh", "-c", "echo kept >/k/file")
        self.start_kept()

    def call(self, *words, expect=0):
        """What a command that nobody disturbs prints; its exit code has to be `expect`, if that is given."""
        with tempfile.TemporaryFile() as errors:
            process = self.spawn(words, errors)
            self.wait(process, HANG)
            text, errors = read_back(process.out), read_back(errors)
        if expect is not None and process.returncode != expect:
            raise Failure(f"ctl {' '.join(words)}: exit {process.returncode}\n{text}{errors}")
        return text

    def spawn(self, words, errors=subprocess.STDOUT):
        out = tempfile.TemporaryFile()
        process = subprocess.Popen([self.ctl, *words], env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                                   start_new_session=True)
        process.words, process.out, process.began = words, out, time.monotonic()
        self.waited_for.add(process.pid)
        return process

    def wait(self, process, patience):
        """Waits for a command; meanwhile we reap, as the init of a machine does: a pid namespace ends only when nobody's zombie is in it."""
        end = process.began + patience
        while True:
            try:
                process.wait(0.2)
                self.waited_for.discard(process.pid)
                return
            except subprocess.TimeoutExpired:
                self.reap()
                if time.monotonic() > end:
                    raise Failure(f"hangs: ctl {' '.join(process.words)}\n{self.explain(process.pid)}") from None

    # ---- one round

    def round(self, rng, number, parallel):
        kills = 0 if number % 3 == 0 else rng.randint(1, 3)
        running = []
        for _ in range(parallel):
            running.append(self.spawn(commands(rng)))
            time.sleep(rng.random() * 0.03)
            if kills and rng.random() < 0.3:
                kills -= self.kill_one(rng)
        own = self.spawn(["run", "--rm", "--network", "none", IMAGE, "sh", "-c", "echo token; exit 7"]) if number % 3 == 0 else None
        for _ in range(kills):
            time.sleep(rng.random() * 0.1)
            self.kill_one(rng)
        for process in running:
            self.finish(process)
        if own:
            text = self.finish(own)
            if (own.returncode, text) != (7, "token\n"):
                raise Failure(f"nobody touched it, and yet: exit {own.returncode}, {text!r}")
        self.settle()
        if number % 4 == 3:
            self.sweep()

    def kill_one(self, rng):
        ours = [pid for pid, title in self.processes().items()
                if title.startswith(("ctl:", self.ctl, "sleep")) and not title.endswith(("kept", "100000"))]
        if not ours:
            return 0
        victim = rng.choice(ours)
        try:
            handle = os.pidfd_open(victim)  # pids are reused quickly on a busy machine, and others' processes are not ours to kill
        except ProcessLookupError:
            return 0
        with os.fdopen(handle):
            if victim not in self.processes():
                return 0
            try:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return 0
        return 1

    def finish(self, process):
        if process.words[0] in PATIENT:
            try:
                self.wait(process, 3)
            except Failure:
                process.terminate()
        self.wait(process, HANG)
        text = read_back(process.out)
        if re.search("internal error|terminate called|Assertion|Sanitizer", text) or -process.returncode in (
                signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
            raise Failure(f"ctl {' '.join(process.words)}: exit {process.returncode}\n{text}")
        return text

    # ---- what is there

    def processes(self):
        """Our living descendants: {pid: title}. Orphans are ours too, as we are their subreaper."""
        parents, titles = {}, {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as title:
                    text = title.read().replace("\0", " ").strip()
            except OSError:
                continue
            parents[int(pid)] = int(parent)
            if state != "Z":
                titles[int(pid)] = text
        found = {}
        for pid, title in titles.items():
            above = pid
            while above > 1 and above != os.getpid():
                above = parents.get(above, 0)
            if above == os.getpid() and pid != os.getpid():
                found[pid] = title
        self.parents = parents
        return found

    def reap(self):
        """Orphans that ended; not the commands, which Popen waits for."""
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as children:
            orphans = {int(pid) for pid in children.read().split()} - self.waited_for
        for pid in orphans:
            os.waitpid(pid, os.WNOHANG)

    def explain(self, pid):
        lines = []
        for found, title in self.processes().items():
            try:
                with open(f"/proc/{found}/wchan", encoding="utf-8") as wchan:
                    lines.append(f"  {'*' if found == pid else ' '} {found} (parent {self.parents.get(found)}) {title} [{wchan.read()}]")
            except OSError:
                pass
        with open("/proc/locks", encoding="utf-8") as locks:
            lines.append(locks.read())
        return "\n".join(lines)

    def containers(self):
        """All containers as inspect shows them."""
        ids = self.call("ps", "-a", "-q", "--no-trunc").split()
        if not ids:
            return []
        return json.loads(self.call("inspect", "--type", "container", *ids, expect=None))  # one may have gone meanwhile

    def settle(self):
        """Waits until all is accounted for; monitors of containers that have just ended are on their way out."""
        end = time.monotonic() + HANG
        while True:
            self.reap()
            problems = self.problems()
            if not problems:
                return
            if time.monotonic() > end:
                raise Failure("not accounted for:\n  " + "\n  ".join(problems) + "\n" + self.explain(0))
            time.sleep(0.1)

    def problems(self):
        containers = self.containers()
        running = {c["State"]["Pid"]: c["Name"] for c in containers if c["State"]["Pid"] > 0}
        processes = self.processes()
        parents = self.parents
        spaces = {self.pid_namespace(pid) for pid in running} - {None}
        monitors = {parents.get(pid) for pid in running}
        found = []
        for pid, title in processes.items():
            name = title.rpartition(" ")[2]
            helper = title.startswith("ctl: ") and (name in running.values() or len(name) < 2)
            # What looks for the callers of a process that shows files ends with that one.
            looks = title == "ctl: processors" and processes.get(parents.get(pid), "").startswith("ctl: files ")
            if not (pid in running or pid in monitors or self.pid_namespace(pid) in spaces or helper or looks
                    or parents.get(pid) in monitors or parents.get(pid) in running):
                found.append(f"process {pid} {title}")
        for pid, name in running.items():
            if pid not in processes:
                found.append(f"container {name} is shown as running, but its process {pid} is not there")
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            found += [f"mount {line.split()[4]}" for line in mounts if self.top in line]
        found += self.strange_locks(processes)
        damage = [line for line in self.call("system", "check", expect=None).splitlines() if line.startswith("damage:")]
        return found + damage

    @staticmethod
    def pid_namespace(pid):
        try:
            return os.readlink(f"/proc/{pid}/ns/pid")
        except OSError:
            return None

    def strange_locks(self, processes):
        inodes = {}
        for path, _, names in os.walk(self.store):
            for name in names:
                try:
                    inodes[os.lstat(f"{path}/{name}").st_ino] = f"{path}/{name}"
                except OSError:
                    pass
        found = []
        with open("/proc/locks", encoding="utf-8") as locks:
            for line in locks:
                fields = line.replace("->", "").split()
                pid, inode = int(fields[4]), int(fields[5].rpartition(":")[2])
                if inode in inodes and pid not in processes and pid != os.getpid():
                    found.append(f"lock on {inodes[inode]} by {pid}, which is not one of ours")
        return found

    def sweep(self):
        """Everything is removed; then nothing may be left, not even garbage, and what was kept is made anew."""
        if self.call("exec", "kept", "cat", "/k/file") != "kept\n":
            raise Failure("the kept container lost the kept volume's file")
        self.call("rm", "-f", "-t", "0", "-v", *NAMES, "kept")
        if others := self.call("ps", "-a", "-q").split():  # by names of ctl's own
            self.call("rm", "-f", "-t", "0", "-v", *others)
        self.settle()
        self.call("system", "prune", "-f")
        self.call("volume", "prune", "-f", "--filter", "anonymous=true")  # of a run that was killed before its container was there
        output = self.call("system", "check")
        left = [f"{kind}/{name}" for kind in ("containers", "trash", "tmp", "leases", "partial") for name in self.listed(kind)]
        left += [f"names/{name}" for name in self.listed("names") if name != ".lock"]
        left += [f"volumes/{name}" for name in self.listed("volumes") if name not in ("kept", "shared")]
        left += [f"process {pid} {title}" for pid, title in self.processes().items()]
        if output or left:
            raise Failure(f"left after removing all: {left}\n{output}")
        self.start_kept()

    def start_kept(self):
        self.call("run", "-d", "--name", "kept", "--network", "none", "-v", "kept:/k", IMAGE, "sleep", "100000")

    def listed(self, kind):
        try:
            return os.listdir(f"{self.store}/{kind}")
        except FileNotFoundError:
            return []

    def end(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if not self.keep:
            subprocess.run(["unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", self.top], check=False)


def become_user(arguments):
    """As root: an unprivileged user runs us again."""
    user = cli_run.ensure_user(os.environ.get("CTL_TEST_USER", "ctltest"))
    env = {"PATH": cli_run.PATH, "HOME": user.pw_dir, "USER": user.pw_name, "LANG": "C.UTF-8", **cli_run.fixtures()}
    words = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups", sys.executable, __file__, *arguments]
    os.execvpe(words[0], words, env)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ctl", required=True)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=0, help="start no further round after this long")
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--storage-driver", default="", help="ctl's option for all commands")
    parser.add_argument("--keep", action="store_true", help="keep the store for a look")
    options = parser.parse_args()
    if os.geteuid() == 0:
        become_user(sys.argv[1:])
    if "CTL_FIXTURE_BUSYBOX" not in os.environ:
        os.environ.update(cli_run.fixtures())
    ctypes.CDLL(None, use_errno=True).prctl(cli_run.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(f"# storm: seed {options.seed}", flush=True)
    storm = Storm(os.path.abspath(options.ctl), options.keep, options.storage_driver)
    began, passed, failed = time.monotonic(), 0, 0
    try:
        for number in range(options.first, options.first + options.rounds):
            if options.seconds and time.monotonic() - began > options.seconds:
                break
            try:
                storm.round(random.Random(f"{options.seed}-{number}"), number, options.parallel)
                passed += 1
            except Failure as failure:
                failed += 1
                print(f"not ok round {number} of seed {options.seed}: {failure}", flush=True)
                break
            if number % 50 == 49:
                print(f"# {number + 1} rounds, {time.monotonic() - began:.0f} s", flush=True)
    finally:
        storm.end()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
