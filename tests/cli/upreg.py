#!/usr/bin/env python3
"""upreg - a registry that only takes uploads, and breaks off the first.

    upreg.py DIR resume|forget

Writes its port to DIR/up-port and "METHOD SIZE" of every request with a body to DIR/up-requests. Digests are verified. The
first PUT of a blob is dropped half way; `resume` knows then what has come, `forget` does not know the upload any more.
"""
import hashlib
import http.server
import os
import sys
import urllib.parse
import uuid


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    uploads = {}
    blobs = {}
    broken = False

    def log_message(self, *_):
        pass

    def handle(self):
        if self.connection.recv(1, 2) != b"\x16":  # no TLS
            super().handle()

    def answer(self, status, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def upload_headers(self, ident):
        received = len(self.uploads[ident])
        return [("Location", f"/v2/x/blobs/uploads/{ident}"), ("Range", f"0-{max(0, received - 1)}")]

    def log(self):
        with open(os.path.join(DIRECTORY, "up-requests"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.headers.get('Content-Length')} {self.headers.get('Content-Range')}\n")

    def do_HEAD(self):
        self.answer(200 if self.path.rsplit("/", 1)[1] in self.blobs else 404)

    def do_GET(self):
        if self.path == "/v2/":
            return self.answer(200)
        ident = self.path.split("?")[0].rsplit("/", 1)[1]
        if ident not in self.uploads:
            return self.answer(404)
        return self.answer(204, self.upload_headers(ident))

    def do_POST(self):
        ident = uuid.uuid4().hex
        self.uploads[ident] = b""
        self.answer(202, self.upload_headers(ident))

    def take(self, ident):
        """The body into the upload; False when it was cut off."""
        length = int(self.headers.get("Content-Length") or 0)
        cut = length > 1000 and not Handler.broken
        data = self.rfile.read(length // 2 if cut else length)
        self.uploads[ident] += data
        if cut:
            Handler.broken = True
            if WAY == "forget":
                del self.uploads[ident]
            self.close_connection = True
            self.connection.close()
        return not cut

    def do_PATCH(self):
        self.log()
        ident = self.path.split("?")[0].rsplit("/", 1)[1]
        start = int(self.headers["Content-Range"].split("-")[0])
        if start != len(self.uploads[ident]):
            self.rfile.read(int(self.headers["Content-Length"]))
            return self.answer(416)
        if self.take(ident):
            self.answer(202, self.upload_headers(ident))

    def do_PUT(self):
        self.log()
        path, _, query = self.path.partition("?")
        if "/manifests/" in path:
            self.rfile.read(int(self.headers["Content-Length"]))
            return self.answer(201)
        ident = path.rsplit("/", 1)[1]
        if not self.take(ident):
            return None
        digest = urllib.parse.parse_qs(query)["digest"][0]
        if digest != "sha256:" + hashlib.sha256(self.uploads[ident]).hexdigest():
            return self.answer(400)
        self.blobs[digest] = self.uploads.pop(ident)
        return self.answer(201)


if __name__ == "__main__":
    DIRECTORY, WAY = sys.argv[1:]
    SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(os.path.join(DIRECTORY, "up-port.new"), "w", encoding="utf-8") as port_file:
        port_file.write(str(SERVER.server_address[1]))
    os.rename(os.path.join(DIRECTORY, "up-port.new"), os.path.join(DIRECTORY, "up-port"))
    SERVER.serve_forever()
