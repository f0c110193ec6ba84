#!/usr/bin/env python3
"""Runs a command on a terminal of its own, as a user would, and shows what came out of it.

    on_tty.py [--size ROWSxCOLUMNS] [--expect TEXT | --send TEXT | --resize ROWSxCOLUMNS]... -- COMMAND...

The steps are done in order; each --expect waits (ten seconds at most) until TEXT has come out since the last one. Ends with
the command's exit code (128+n for a signal), 99 when a text never came, 98 when the terminal was left in other modes.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

MODES_CHANGED, NEVER_CAME = 98, 99


def set_size(fd, size):
    rows, columns = map(int, size.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Session:
    def __init__(self, master):
        self.master, self.fresh, self.ended = master, b"", False

    def pump(self, seconds):
        """Passes output on for at most that long; false at the end of the output."""
        if not self.ended and select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # EIO: every process has closed the terminal
                data = b""
            self.ended = not data
            self.fresh += data
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return not self.ended

    def expect(self, text):
        end = time.monotonic() + 10
        while text not in self.fresh:
            if time.monotonic() > end or not self.pump(0.2):
                return False
        self.fresh = self.fresh.partition(text)[2]
        return True


def main(arguments):
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1:]
    steps = list(zip(options[::2], options[1::2]))
    master, slave = pty.openpty()
    set_size(slave, next((value for key, value in steps if key == "--size"), "24x80"))
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.close(master)
        become_leader(slave)
        os.execvp(command[0], command)
    session = Session(master)
    for key, value in steps:
        text = value.encode().decode("unicode_escape").encode("latin-1")
        if key == "--send":
            os.write(master, text)
        elif key == "--resize":
            set_size(master, value)
        elif key == "--expect" and not session.expect(text):
            print(f"\non_tty: never came: {value}", file=sys.stderr)
            os.kill(pid, signal.SIGKILL)
            return NEVER_CAME
    # We keep the terminal's other side open, so its end is the end of the process.
    status = None
    while status is None:
        session.pump(0.05)
        done, wait_status = os.waitpid(pid, os.WNOHANG)
        status = os.waitstatus_to_exitcode(wait_status) if done else None
    while select.select([master], [], [], 0)[0] and session.pump(0):
        pass
    if termios.tcgetattr(slave) != before:
        print("\non_tty: the terminal was left in other modes", file=sys.stderr)
        return MODES_CHANGED
    return 128 - status if status < 0 else status


def become_leader(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    if slave > 2:
        os.close(slave)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
