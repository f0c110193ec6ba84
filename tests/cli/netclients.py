#!/usr/bin/env python3
"""Clients and servers for what no program at hand does (tests/cli/network_clients.bats). Servers print their port first.

    netclients.py upload-server ADDRESS      HTTP/1.1: answers a PUT with the SHA-256 of its body, a GET with as many bytes as its path says
    netclients.py websocket-server ADDRESS   RFC 6455: sends each message back
    netclients.py websocket ADDRESS PORT     a thousand messages of all sizes there and back, a ping, and an orderly close
    netclients.py ends-first ADDRESS         says something, ends its half, and prints what it hears afterwards
    netclients.py idle-server ADDRESS        holds connections; sends back what comes
    netclients.py idle ADDRESS PORT COUNT    opens so many, and says so; on a line of standard input a byte goes there and back on each
    netclients.py ports-server ADDRESS COUNT     listens on so many ports, which it prints; a byte comes back, then the end
    netclients.py connects ADDRESS COUNT PORT... so many connections one after the other, over all ports: a byte there, one back, the end
"""
import base64
import hashlib
import http.server
import os
import resource
import selectors
import socket
import struct
import sys

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Upload(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left > 0:
            data = self.rfile.read(min(left, 1 << 16))
            digest.update(data)
            left -= len(data)
        self.answer(digest.hexdigest().encode())

    def do_GET(self):
        self.answer(b"x" * int(self.path[1:]))

    def log_message(self, *_):
        pass


# ---- RFC 6455

def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        sys.exit("the stream ended within a frame")
    return data


def read_frame(stream):
    first, second = read_exactly(stream, 2)
    size = second & 0x7F
    if size == 126:
        size, = struct.unpack(">H", read_exactly(stream, 2))
    elif size == 127:
        size, = struct.unpack(">Q", read_exactly(stream, 8))
    mask = read_exactly(stream, 4) if second & 0x80 else None
    data = read_exactly(stream, size)
    if mask:
        key = (mask * (size // 4 + 1))[:size]
        data = (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return first & 0x0F, data


def frame(kind, data, masked):
    size = len(data)
    head = struct.pack(">BB", 0x80 | kind, (0x80 if masked else 0) | (size if size < 126 else 126 if size < 65536 else 127))
    head += b"" if size < 126 else struct.pack(">H" if size < 65536 else ">Q", size)
    return head + (bytes(4) if masked else b"") + data  # a mask of zeros: what comes through is the same


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key + MAGIC).digest())


def headers_of(stream):
    headers = {}
    stream.readline()
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    return headers


def websocket_server(address):
    with listen(address) as listener:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream:
            key = headers_of(stream)[b"sec-websocket-key"]
            stream.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept_key(key) + b"\r\n\r\n")
            stream.flush()
            while True:
                kind, data = read_frame(stream)
                stream.write(frame(10 if kind == 9 else kind, data, masked=False))
                stream.flush()
                if kind == 8:
                    return


def websocket(address, port):
    with socket.create_connection((address, port)) as connection, connection.makefile("rwb") as stream:
        key = base64.b64encode(os.urandom(16))
        stream.write(b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        stream.flush()
        if headers_of(stream)[b"sec-websocket-accept"] != accept_key(key):
            sys.exit("wrong key")
        for number in range(1000):
            data = bytes([number % 256]) * (number * 137 % 70000)
            stream.write(frame(2, data, masked=True))
            stream.flush()
            if read_frame(stream) != (2, data):
                sys.exit(f"message {number} came back changed")
        for kind, answer in (9, 10), (8, 8):
            stream.write(frame(kind, b"\x03\xe8", masked=True))
            stream.flush()
            if read_frame(stream) != (answer, b"\x03\xe8"):
                sys.exit(f"no answer to {kind}")
        if stream.read(1) != b"":
            sys.exit("something follows the close")
    print("closed in order")


def ends_first(address):
    with listen(address) as listener:
        connection, _ = listener.accept()
        with connection, connection.makefile() as stream:
            connection.sendall(b"said first\n")
            connection.shutdown(socket.SHUT_WR)
            print(stream.read(), end="", flush=True)


# ---- many connections

def listen(address, backlog=4096):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.bind((address, 0))
    listener.listen(backlog)
    print(listener.getsockname()[1], flush=True)
    return listener


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def idle_server(address):
    raise_limit()
    selector, listener = selectors.DefaultSelector(), listen(address)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(100)
            if data:
                key.fileobj.sendall(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def idle(address, port, count):
    raise_limit()
    connections = [socket.create_connection((address, port)) for _ in range(count)]
    print(len(connections), "open", flush=True)
    sys.stdin.readline()
    for connection in connections:
        connection.sendall(b"x")
    print(sum(connection.recv(1) == b"x" for connection in connections), "answered", flush=True)


def ports_server(address, count):
    selector = selectors.DefaultSelector()
    for _ in range(count):
        listener = socket.socket()
        listener.bind((address, 0))
        listener.listen(4096)
        print(listener.getsockname()[1], flush=True)
        selector.register(listener, selectors.EVENT_READ)
    print("all", flush=True)
    while True:
        for key, _ in selector.select():
            connection, _ = key.fileobj.accept()
            with connection:
                connection.sendall(connection.recv(1))


def connects(address, count, ports):
    good = 0
    for number in range(count):
        with socket.create_connection((address, ports[number % len(ports)])) as connection:
            connection.sendall(b"x")
            good += connection.recv(2) == b"x" and connection.recv(1) == b""
    print(good, "good")


def main():
    kind, address, *rest = sys.argv[1:]
    if kind == "upload-server":
        server = http.server.ThreadingHTTPServer((address, 0), Upload)
        print(server.server_address[1], flush=True)
        server.serve_forever()
    elif kind == "connects":
        connects(address, int(rest[0]), [int(port) for port in rest[1:]])
    else:
        {"websocket-server": websocket_server, "websocket": websocket, "ends-first": ends_first, "idle-server": idle_server, "idle": idle, "ports-server": ports_server}[kind](
            address, *map(int, rest))


if __name__ == "__main__":
    main()
