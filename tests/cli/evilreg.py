#!/usr/bin/env python3
"""evilreg - a registry that lies, in one way at a time.

    evilreg.py LAYOUT DIR WAY [CERTIFICATE KEY]

Serves the image of an OCI layout as test/img:1 on two loopback ports, the second being "another origin". Writes both to
DIR/ports ("A B") once it listens, and a line for every request to DIR/requests: PORT METHOD PATH AUTHORIZATION RANGE.
What each WAY does is said where it is done. With a certificate it speaks https.
"""
import hashlib
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
NOWHERE = "http://registry.invalid"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Image:
    """The layout's blobs by digest, after the lies that are told in documents."""

    def __init__(self, layout, way):
        def blob(digest):
            with open(os.path.join(layout, "blobs/sha256", digest.split(":")[1]), "rb") as file:
                return file.read()

        with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
            manifest = json.loads(blob(json.load(file)["manifests"][0]["digest"]))
        config = json.loads(blob(manifest["config"]["digest"]))
        self.blobs = {layer["digest"]: blob(layer["digest"]) for layer in manifest["layers"]}
        self.layer = manifest["layers"][-1]["digest"]
        if way == "diff-id":  # all digests are right, but the layer is not the one the config names
            config["rootfs"]["diff_ids"][-1] = digest_of(b"another layer")
        if way == "diff-id-count":
            config["rootfs"]["diff_ids"].append(digest_of(b"one more"))
        if way == "layer-digest-path":  # a digest that would leave the store, and the registry's API
            manifest["layers"][-1]["digest"] = "sha256:../../../../../../etc/passwd"
        if way == "foreign-layer":
            manifest["layers"][-1]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            manifest["layers"][-1]["urls"] = [NOWHERE + "/layer"]
        if way == "layer-size":  # the descriptor says less than the blob has
            manifest["layers"][-1]["size"] -= 1
        config_text = json.dumps(config).encode()
        manifest["config"].update(digest=digest_of(config_text), size=len(config_text))
        self.config = digest_of(config_text)
        self.blobs[self.config] = config_text
        self.manifest = json.dumps(manifest).encode()
        if way == "duplicate-keys":
            self.manifest = self.manifest[:-1] + b', "layers": []}'
        if way == "both-kinds":
            self.manifest = self.manifest[:-1] + b', "manifests": []}'
        self.digest = digest_of(self.manifest)
        platform = {"os": config["os"], "architecture": config["architecture"]}
        entry = {"mediaType": MANIFEST, "digest": self.digest, "size": len(self.manifest), "platform": platform}
        if way == "index-size":
            entry["size"] += 1
        others = [{**entry, "digest": digest_of(b"x"), "platform": {"os": "linux", "architecture": "other"}}]
        self.index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": others + [entry]}).encode()


def altered(data):
    """The same length, the last byte another."""
    return data[:-1] + bytes([data[-1] ^ 1])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle(self):
        # A TLS hello (https is tried first) would keep the readline of a plain server waiting for ever.
        if self.server.tls or self.connection.recv(1, socket.MSG_PEEK) != b"\x16":
            super().handle()

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            pass
        if length is not None and length != len(body):
            self.close_connection = True

    def do_GET(self):
        server, way = self.server, self.server.way
        port = server.server_address[1]
        with server.lock, open(server.requests, "a", encoding="utf-8") as log:
            words = [self.headers.get(name) or "-" for name in ("Authorization", "Range")]
            log.write(f"{port} GET {self.path} {words[0].replace(' ', '_')} {words[1]}\n")
        if self.path.startswith("/token"):
            return self.answer(200, b'{"token": "secret-token"}')
        if port == server.ports[0] and way in ("token", "token-redirect") and self.headers.get("Authorization") != "Bearer secret-token":
            realm = f"http://127.0.0.1:{server.ports[0]}/token"
            return self.answer(401, headers=[("WWW-Authenticate", f'Bearer realm="{realm}",service="evil"')])
        if way == "realm-elsewhere":
            return self.answer(401, headers=[("WWW-Authenticate", f'Bearer realm="{NOWHERE}/token",service="evil"')])
        if way == "realm-file":
            return self.answer(401, headers=[("WWW-Authenticate", 'Bearer realm="file:///etc/passwd"')])
        if way == "basic":
            return self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="evil"')])
        if way == "basic-redirect" and port == server.ports[0] and self.headers.get("Authorization") is None and self.path != "/v2/":
            return self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="evil"')])
        if way == "long-rate-limit" and self.path != "/v2/":
            return self.answer(429, headers=[("Retry-After", "21600")])
        if way == "rate-limit" and self.path != "/v2/":
            return self.answer(429, headers=[("Retry-After", "0"), ("RateLimit-Limit", "100;w=21600")])
        if self.path == "/v2/":
            return self.answer(200)
        if way == "endless-lists" and not self.path.startswith("/v1/"):
            return self.endless_list(self.path.partition("?")[0])
        if way == "search-escapes" and self.path.startswith("/v1/"):
            found = {"name": "a\033[31mb", "description": "c\033]0;d\007\ne"}
            return self.answer(200, json.dumps({"results": [found]}).encode(), [("Content-Type", "application/json")])
        what, name = self.path.split("/")[-2:]
        return self.manifest(name) if what == "manifests" else self.blob(name)

    def endless_list(self, path):
        """One page after another of tags, and of repositories with long names."""
        tags = path.endswith("/tags/list")
        names = [f"{i}" + "t" * 100 for i in range(20_000)] if tags else ["n" * 3_000_000, "short-n"]
        body = json.dumps({"tags" if tags else "repositories": names}).encode()
        self.answer(200, body, [("Content-Type", "application/json"), ("Link", f'<{path}?more>; rel="next"')])

    def do_POST(self):
        """The token server's other side: a refresh token for an access token (OAuth 2)."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with self.server.lock, open(self.server.requests, "a", encoding="utf-8") as log:
            log.write(f"{self.server.server_address[1]} POST {self.path} {self.headers.get('Authorization') or '-'} {body}\n")
        form = urllib.parse.parse_qs(body)
        right = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == ["re fresh&me"]
        self.answer(200 if right else 401, b'{"access_token": "secret-token"}' if right else b'{"errors": [{"message": "no"}]}')

    def manifest(self, name):
        way, image = self.server.way, self.server.image
        if way == "html":
            return self.answer(200, b"<html><body>Welcome to the hotel's network</body></html>", [("Content-Type", "text/html")])
        if way == "endless-manifest":
            return self.answer(200, b" " * (5 << 20), [("Content-Type", MANIFEST)])
        if way == "redirect-loop":
            return self.answer(302, headers=[("Location", self.path)])
        if way == "redirect-file":
            return self.answer(302, headers=[("Location", "file:///etc/passwd")])
        if way == "redirect-clear":
            return self.answer(302, headers=[("Location", NOWHERE + "/manifest")])
        if way in ("index", "index-size", "child-digest") and name == "1":
            return self.answer(200, image.index, [("Content-Type", INDEX), ("Docker-Content-Digest", digest_of(image.index))])
        if way == "child-digest":
            return self.answer(200, altered(image.manifest)[:-1] + b" ", [("Content-Type", MANIFEST)])
        claimed = digest_of(b"another") if way == "claimed-digest" else image.digest
        kind = INDEX if way == "content-type" else MANIFEST
        return self.answer(200, image.manifest, [("Content-Type", kind), ("Docker-Content-Digest", claimed)])

    def blob(self, digest):
        server, way = self.server, self.server.way
        data = server.image.blobs.get(digest)
        if data is None:
            return self.answer(404, b'{"errors": [{"code": "BLOB_UNKNOWN", "message": "blob unknown"}]}')
        if digest == server.image.config:
            return self.answer(200, altered(data) if way == "config-digest" else data)
        if digest != server.image.layer:
            return self.answer(200, data)
        with server.lock:
            server.layer_requests += 1
            first = server.layer_requests == 1
        if way == "slow":
            time.sleep(2)
        if way in ("token-redirect", "basic-redirect") and self.server.server_address[1] == server.ports[0]:
            return self.answer(307, headers=[("Location", f"http://127.0.0.1:{server.ports[1]}{self.path}")])
        if way == "layer-digest":  # the time in gzip's header: what is unpacked stays the same
            return self.answer(200, data[:4] + bytes([data[4] ^ 1]) + data[5:])
        if way == "long-layer":
            return self.answer(200, data + b"more")
        if way == "error-once" and first:
            return self.answer(503, headers=[("Retry-After", "0")])
        if way in ("cut-once", "cut-no-range", "cut-other-tail", "cut-wrong-range") and first:
            return self.answer(200, data[: len(data) // 2], length=len(data))
        if way == "stall-once" and first:
            self.answer(200, data[: len(data) // 2], length=len(data))
            return time.sleep(60)
        if way == "cut-always":
            return self.answer(200, data[: len(data) // 2], length=len(data))
        wanted = self.headers.get("Range")
        if wanted is None or way == "cut-no-range":
            return self.answer(200, data)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        tail = altered(data[start:]) if way == "cut-other-tail" else data[start:]
        shown = start + 1 if way == "cut-wrong-range" else start
        return self.answer(206, tail, [("Content-Range", f"bytes {shown}-{len(data) - 1}/{len(data)}")])


class Server(http.server.ThreadingHTTPServer):
    tls = None

    def finish_request(self, request, client_address):
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return  # the client does not like our certificate
        super().finish_request(request, client_address)


def main(layout, directory, way, *certificate):
    servers = [Server(("127.0.0.1", 0), Handler) for _ in range(2)]
    shared = {"image": Image(layout, way), "way": way, "requests": os.path.join(directory, "requests"),
              "ports": [server.server_address[1] for server in servers], "lock": threading.Lock()}
    for server in servers:
        vars(server).update(shared)
        server.layer_requests = 0
        if certificate:
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*certificate)
    threading.Thread(target=servers[1].serve_forever, daemon=True).start()
    with open(os.path.join(directory, "ports.new"), "w", encoding="utf-8") as file:
        file.write(" ".join(map(str, shared["ports"])))
    os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
    servers[0].serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
