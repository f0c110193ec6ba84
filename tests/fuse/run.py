#!/usr/bin/env python3
"""Runs a program of this directory as the unprivileged user of the behaviour tests (tests/cli/run.py), or as root with --root
first; exits 77, skipped, where the machine has no /dev/fuse for that user or no overlay in the kernel.

    run.py [--root] random_ops.py|concurrent_ops.py OPTIONS...
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../cli"))
import run as behaviour  # noqa: E402 the user and /dev/fuse, as there

behaviour.open_devices()
become, as_root = [], sys.argv[1] == "--root"
program, *options = sys.argv[2:] if as_root else sys.argv[1:]
if as_root:
    if os.geteuid() != 0:
        print("skipped: only root may use the kernel's overlay with an index")
        sys.exit(77)
elif os.geteuid() == 0:
    user = behaviour.ensure_user(os.environ.get("CTL_TEST_USER", "ctltest"))
    become = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
if subprocess.run([*become, "test", "-r", "/dev/fuse", "-a", "-w", "/dev/fuse"], check=False).returncode != 0:
    print("skipped: /dev/fuse is missing or not for ordinary users")
    sys.exit(77)
with tempfile.TemporaryDirectory(prefix="ctl-overlay.", dir="/var/tmp") as probe:
    for name in ("l", "u", "w", "m"):
        os.mkdir(os.path.join(probe, name))
    subprocess.run(["chmod", "-R", "0777", probe], check=True)
    mount = f"cd {probe} && mkdir u/u w/w && mount -t overlay overlay -o userxattr,lowerdir=l,upperdir=u/u,workdir=w/w m"
    if subprocess.run([*become, "unshare", "-Urm", "sh", "-c", mount], check=False).returncode != 0:
        print("skipped: the kernel's overlay does not work for ordinary users")
        sys.exit(77)
os.environ["PATH"] = behaviour.PATH  # root's python may be where nobody else can reach it
command = [*become, os.path.join(HERE, program), *options]
os.execvp(command[0], command)
