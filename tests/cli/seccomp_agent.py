#!/usr/bin/env python3
"""Takes one seccomp listener at a socket and answers what it is asked: seccomp_agent.py SOCKET COUNT

Writes the message it got to SOCKET.message and each system call that it was asked about, by number and pid, to SOCKET.asked.
Every one fails with ENOTUNIQ, which nothing else does.
"""
import array
import fcntl
import json
import socket
import struct
import sys

RECV, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND: seccomp_unotify(2)
ENOTUNIQ = 76

path, count = sys.argv[1], int(sys.argv[2])
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
connection, _ = server.accept()
data, control, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(4))
assert connection.recv(1) == b"", "the connection must be closed after one message"
with open(path + ".message", "w", encoding="utf-8") as file:
    json.dump(json.loads(data), file)
listener = array.array("i", control[0][2][:4])[0]
for _ in range(count):
    asked = bytearray(80)
    fcntl.ioctl(listener, RECV, asked)
    cookie, pid, _, number = struct.unpack_from("=QIIi", asked)
    with open(path + ".asked", "a", encoding="utf-8") as file:
        print(number, pid, file=file)
    fcntl.ioctl(listener, SEND, struct.pack("=QqiI", cookie, 0, -ENOTUNIQ, 0))
