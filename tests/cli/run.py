#!/usr/bin/env python3
"""Runs one .bats file against a built ctl, as an unprivileged user, and proves that nothing of it stays behind.

    run.py --ctl BUILD/cli/ctl FILE.bats [bats options]

Started as root it becomes $CTL_TEST_USER (default ctltest, made when missing); otherwise the caller's own user is used. It
is the subreaper of everything the tests start, so a monitor that outlives its test becomes its child and is found,
whatever it did to its session, process group or title.
"""
import argparse
import ctypes
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PR_SET_CHILD_SUBREAPER = 36
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def stop(message):
    print("Bail out!", message)
    sys.exit(1)


def ensure_user(name):
    """The unprivileged user, with subordinate ids; useradd hands them out."""
    with open("/run/ctl-test-user.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "-m", "-s", "/bin/bash", name], check=True)
    for path in ("/etc/subuid", "/etc/subgid"):
        with open(path, encoding="utf-8") as lines:
            if not any(line.startswith(name + ":") for line in lines):
                stop(f"{path} has no line for {name}; add {name}:200000:65536")
    return pwd.getpwnam(name)


def fixtures():
    """Makes the images with what rights we have; the tests read them from where it says."""
    names = ["busybox", "debian-nginx", "docker-registry"]
    made = subprocess.run([os.path.join(HERE, "../fixtures/build"), *names], stdout=subprocess.PIPE, text=True, check=True)
    return {"CTL_FIXTURE_" + name.upper().replace("-", "_"): path for name, path in zip(names, made.stdout.split())}


def children():
    """Our living children: {pid: title}."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                state, parent = stat.read().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as title:
                    found[int(pid)] = title.read().replace("\0", " ").strip()
        except OSError:
            pass
    return found


def make_overlay_disk(file, user):
    """For files that ask for it: a directory on an overlay, where the kernel allows no further one to write, as inside of a container."""
    with open(file, encoding="utf-8") as text:
        if "CTL_TEST_ON_OVERLAY" not in text.read() or os.geteuid() != 0:
            return {}, lambda: None
    top = tempfile.mkdtemp(prefix="cd.", dir="/tmp")
    os.chmod(top, 0o755)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(f"{top}/{name}")
    options = f"lowerdir={top}/lower,upperdir={top}/upper,workdir={top}/work"
    subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", f"{top}/merged"], check=True)
    os.chown(f"{top}/merged", user.pw_uid, user.pw_gid)

    def remove():
        subprocess.run(["umount", "-l", f"{top}/merged", top], check=True)
        os.rmdir(top)

    return {"CTL_TEST_ON_OVERLAY": f"{top}/merged"}, remove


def make_small_disk(file, user):
    """For files that ask for it: a file system of a few MB, and the same one read-only, which only root can mount."""
    with open(file, encoding="utf-8") as text:
        if "CTL_TEST_SMALL" not in text.read() or os.geteuid() != 0:
            return {}, lambda: None
    top = tempfile.mkdtemp(prefix="cd.", dir="/tmp")
    os.chmod(top, 0o755)
    small, read_only = top + "/rw", top + "/ro"
    os.mkdir(small)
    os.mkdir(read_only)
    options = f"size=8m,mode=700,uid={user.pw_uid},gid={user.pw_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", small], check=True)
    subprocess.run(["mount", "--bind", small, read_only], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", read_only], check=True)

    def remove():
        subprocess.run(["umount", "-l", read_only, small], check=True)
        shutil.rmtree(top)

    return {"CTL_TEST_SMALL": small, "CTL_TEST_SMALL_READ_ONLY": read_only}, remove


def open_devices():
    """Where udev runs, everybody may use these (50-udev-default.rules); where it does not, root has to say so."""
    for device in ("/dev/fuse", "/dev/net/tun"):
        if os.geteuid() == 0 and os.path.exists(device) and os.stat(device).st_mode & 0o666 == 0o600:
            os.chmod(device, 0o666)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ctl", required=True)
    parser.add_argument("file")
    arguments, bats_options = parser.parse_known_args()
    ctl, file = os.path.abspath(arguments.ctl), os.path.abspath(arguments.file)
    user, become = pwd.getpwuid(os.geteuid()), []
    if os.geteuid() == 0:
        user = ensure_user(os.environ.get("CTL_TEST_USER", "ctltest"))
        become = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
    if subprocess.run([*become, "test", "-x", ctl, "-a", "-r", file], check=False).returncode != 0:
        stop(f"{user.pw_name} cannot reach {ctl} and {file}; put the checkout where everybody may read")

    open_devices()
    env = {"PATH": PATH, "HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": "/bin/bash",
           "LANG": "C.UTF-8", "CTL": ctl, "BATS_TEST_TIMEOUT": "120", "CTL_TEST_REAPER": str(os.getpid()),
           "CTL_TEST_MKIMG": os.path.join(HERE, "../fixtures/mkimg.py"), **fixtures()}
    disks = [make(file, user) for make in (make_small_disk, make_overlay_disk)]
    for disk, _ in disks:
        env.update(disk)
    env.update({key: value for key, value in os.environ.items() if re.match(r"CTL_TEST_|[AUL]BSAN_|[AUL]SAN_OPTIONS", key)})
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    bats = shutil.which("bats", path=PATH) or stop("bats is not installed")
    # A session of its own: no test reaches the terminal or the process group of whoever runs the suite.
    child = subprocess.Popen([*become, bats, "--tap", *bats_options, file], env=env, cwd="/", stdin=subprocess.DEVNULL,
                             start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(child.pid, signal.SIGTERM))
    status = None
    while status is None:
        pid, wait_status = os.wait()  # reaps the orphans too
        if pid == child.pid:
            status = os.waitstatus_to_exitcode(wait_status)
    left = children()
    for pid, title in left.items():
        print(f"# left behind by {os.path.basename(file)}: {pid} {title}")
        os.kill(pid, signal.SIGKILL)
    for _, remove_disk in disks:
        remove_disk()
    sys.exit(1 if left else abs(status))


if __name__ == "__main__":
    main()
