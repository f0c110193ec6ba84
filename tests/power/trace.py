"""Runs a command under strace and reads what it did to files: a list of Call, in the order in which the calls ended."""
import dataclasses
import re
import subprocess
import sys

# What changes files or puts them on the disk, where positions in files are, and what would escape this record.
CALLS = ("open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,unlink,unlinkat,rmdir,rename,"
         "renameat,renameat2,write,pwrite64,writev,pwritev,pwritev2,lseek,truncate,ftruncate,fallocate,copy_file_range,sendfile,"
         "splice,chmod,fchmod,fchmodat,fchmodat2,chown,fchown,lchown,fchownat,setxattr,lsetxattr,fsetxattr,removexattr,"
         "lremovexattr,fremovexattr,fsync,fdatasync,syncfs,sync,sync_file_range,ioctl,mmap,chdir,fchdir,fstatfs,io_uring_setup,exit_group").split(",")

LINE = re.compile(rb"(\d+) +(.*)$")
CALL = re.compile(rb"(\w+)\((.*)\) += (\S.*)$", re.DOTALL)
UNFINISHED = re.compile(rb"(\w+)\((.*?) ?<unfinished \.\.\.>$", re.DOTALL)
RESUMED = re.compile(rb"<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
STRING = re.compile(rb'^"((?:\\x[0-9a-f]{2})*)"$')
DESCRIPTOR = re.compile(rb"^(\d+|AT_FDCWD)(?:<(.*)>(\(deleted\))?)?$", re.DOTALL)


@dataclasses.dataclass
class Call:
    pid: int
    name: str
    args: list     # of bytes, as strace writes them: see text(), descriptor()
    result: bytes
    began: int     # how many calls had ended when this one began
    ended: int     # and when it ended


def unescape(escaped):
    """\\x2f\\x74… to bytes; what else strace left as it is stays."""
    if not escaped.startswith(b"\\x"):
        return escaped
    return re.sub(rb"(?:\\x[0-9a-f]{2})+", lambda m: bytes.fromhex(m[0].replace(b"\\x", b"").decode()), escaped)


def text(arg):
    """The bytes of a string argument."""
    found = STRING.match(arg)
    if not found:
        raise ValueError(f"not a whole string: {arg[:80]!r}")
    return bytes.fromhex(found[1].replace(b"\\x", b"").decode())


def descriptor(arg):
    """(number or None for AT_FDCWD, path or None, whether that name is gone) of a descriptor with its -y path."""
    found = DESCRIPTOR.match(arg)
    if not found:
        raise ValueError(f"not a descriptor: {arg[:80]!r}")
    number = None if found[1] == b"AT_FDCWD" else int(found[1])
    return number, found[2] and unescape(found[2]), found[3] is not None


def split_args(joined):
    """At the commas outside of brackets. Strings have none: they are all hexadecimal."""
    args, depth, start = [], 0, 0
    for at in re.finditer(rb'[\[\]{}(),]|"[^"]*"', joined):
        what = at[0]
        if what in b"[{(":
            depth += 1
        elif what in b"]})":
            depth -= 1
        elif what == b"," and depth == 0:
            args.append(joined[start:at.start()].strip())
            start = at.end()
    if joined[start:].strip():
        args.append(joined[start:].strip())
    return args


def read(lines):
    calls, pending, ended = [], {}, 0
    for line in lines:
        pid, rest = LINE.match(line.rstrip(b"\n")).groups()
        pid = int(pid)
        began = ended
        if unfinished := UNFINISHED.match(rest):
            pending[pid] = (unfinished[1], unfinished[2], ended)
            continue
        if resumed := RESUMED.match(rest):
            name, first, began = pending.pop(pid)
            rest = name + b"(" + first + resumed[2]
        if call := CALL.match(rest):
            ended += 1
            if not call[3].startswith((b"-1 ", b"?")):
                calls.append(Call(pid, call[1].decode(), split_args(call[2]), call[3], began, ended))
    return calls


def run(command, user, environment, trace_file, f_type):
    """(exit status, output, calls) of the command, run as `user` under strace. Root's strace, since newuidmap is setuid. To the
    command the disk is of the type `f_type` (statfs(2)), for it may write otherwise on another one."""
    env = [f"{name}={value}" for name, value in environment.items()]
    done = subprocess.run(["strace", "--follow-forks", "--decode-fds=path", "-xx", "--string-limit=16777216",
                           f"--inject=fstatfs:poke_exit=@arg2={f_type.to_bytes(8, sys.byteorder).hex()}", "--signal=none", "--quiet=all", "--trace=" + ",".join("?" + call for call in CALLS),
                           "--output", trace_file, "--user", user, "env", "-i", *env, *command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    with open(trace_file, "rb") as lines:
        return done.returncode, done.stdout.decode(), read(lines)
