#!/usr/bin/env python3
"""Runs a command as on a kernel that lacks some system calls: they answer ENOSYS.

    without.py CALL[,CALL...] COMMAND...        (an empty list takes nothing away)

Installs a seccomp filter without no_new_privs, so that setuid programs keep working; that needs CAP_SYS_ADMIN in the
caller's user namespace: start it with `unshare --user --map-root-user --map-auto`.
"""
import ctypes
import os
import struct
import sys

# Calls that are younger than 2019 have one number on every architecture but Alpha.
NUMBERS = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "pidfd_open": 434,
           "clone3": 435, "close_range": 436, "openat2": 437, "mount_setattr": 442}
ENOSYS = 38
SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
SECCOMP_SET_MODE_FILTER = 1
ALLOW, ERRNO = 0x7fff0000, 0x00050000
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


def instruction(code, jump_true, jump_false, value):
    return struct.pack("HBBI", code, jump_true, jump_false, value)


def program(numbers):
    """Loads the call's number, compares it with each, and falls through to "allow"."""
    lines = [instruction(LOAD_WORD, 0, 0, 0)]
    for i, number in enumerate(numbers):
        lines.append(instruction(JUMP_IF_EQUAL, len(numbers) - i, 0, number))
    return lines + [instruction(RETURN, 0, 0, ALLOW), instruction(RETURN, 0, 0, ERRNO | ENOSYS)]


class SockFprog(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def main():
    lines = program([NUMBERS[name] for name in filter(None, sys.argv[1].split(","))])
    filter_ = SockFprog(len(lines), b"".join(lines))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYS_SECCOMP[os.uname().machine], SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(filter_)) != 0:
        sys.exit(f"without.py: seccomp: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
