#!/usr/bin/env python3
"""proxy - an HTTP proxy of our own, which can break off.

    proxy.py DIR [CUT]

Listens on a free loopback port, which it writes to DIR/proxy-port, and writes a line for every request to DIR/proxy-requests.
Every host's name leads to this machine. It knows CONNECT (https) and absolute URLs (http, one request a connection). With CUT
a connection is dropped once that many bytes have come back through it.
"""
import os
import socket
import sys
import threading
import urllib.parse


def pump(source, sink, left):
    """Bytes from one to the other; True when there were more than `left` (None: no limit)."""
    try:
        while data := source.recv(65536):
            if left is not None and len(data) > left:
                sink.sendall(data[:left])
                return True
            sink.sendall(data)
            left = None if left is None else left - len(data)
    except OSError:
        pass
    return False


def close(*sockets):
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, cut, log):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(65536)
        if not data:
            return
        head += data
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"{method} {target}\n")
    if method == "CONNECT":
        server = socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        url = urllib.parse.urlsplit(target)
        server = socket.create_connection(("127.0.0.1", url.port or 80))
        lines = head.split(b"\r\n")
        lines[0] = f"{method} {url.path}{'?' + url.query if url.query else ''} HTTP/1.1".encode()
        lines = [line for line in lines if not line.lower().startswith((b"proxy-", b"connection:"))]
        lines.insert(1, b"Connection: close")
        server.sendall(b"\r\n".join(lines))
    threading.Thread(target=lambda: (pump(client, server, None), close(server)), daemon=True).start()
    pump(server, client, cut)
    close(client, server)


def main(directory, cut=None):
    listener = socket.create_server(("127.0.0.1", 0))
    with open(os.path.join(directory, "proxy-port.new"), "w", encoding="utf-8") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(os.path.join(directory, "proxy-port.new"), os.path.join(directory, "proxy-port"))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, None if cut is None else int(cut), os.path.join(directory, "proxy-requests")),
                         daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
