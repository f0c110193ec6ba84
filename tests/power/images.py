"""The images of the test: small, with one of everything that a layer can hold; and a registry to pull them from."""
import http.server
import json
import os
import shutil
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures"))
import mkimg  # noqa: E402

BUSYBOX = shutil.which("busybox") or "/bin/busybox"
BASE = {"entries": [*({"path": path, "type": "dir"} for path in ("bin", "dev", "etc", "proc", "sys", "data", "data/sub")),
                    {"path": "tmp", "type": "dir", "mode": "1777"},
                    {"path": "bin/busybox", "from": BUSYBOX, "mode": "0755"},
                    {"path": "bin/sh", "type": "symlink", "link": "busybox"},
                    {"path": "etc/passwd", "content": "root:x:0:0:root:/:/bin/sh\n"},
                    {"path": "etc/old", "content": "to be hidden"},
                    {"path": "data/sub/below", "content": "to be hidden"}]}
FIRST = {"entries": [{"path": "etc/.wh.old", "content": ""},
                     {"path": "data/sub", "type": "dir", "mode": "0700", "uid": 5, "gid": 6},
                     {"path": "data/sub/.wh..wh..opq", "content": ""},
                     {"path": "data/file", "content": "x" * 5000, "uid": 1000, "gid": 1000, "mode": "4711"},
                     {"path": "data/link", "type": "hardlink", "link": "data/file"},
                     {"path": "data/fifo", "type": "fifo"},
                     {"path": "data/marked", "content": "with an attribute", "xattrs": {"user.mark": "value"}},
                     {"path": "data/twice", "content": "before"},
                     {"path": "data/twice", "content": "after"}], "compression": "zstd"}
SECOND = {"entries": [{"path": "etc/second", "content": "second\n"}], "compression": "none"}


def make(top):
    """{name: archive} of the images below `top`, and their layouts as {name: directory}."""
    archives, layouts = {}, {}
    for name, layers in {"first": [BASE, FIRST], "second": [BASE, SECOND]}.items():
        layouts[name], archives[name] = os.path.join(top, name), os.path.join(top, name + ".tar")
        mkimg.build({"tag": "latest", "layers": layers, "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]}}, layouts[name])
        mkimg.docker_archive(layouts[name], archives[name], f"localhost/{name}:latest")
    return archives, layouts


def base_layer(layout):
    """The file of an image's lowest layer."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        digest = json.load(file)["manifests"][0]["digest"]
    with open(os.path.join(layout, "blobs", *digest.split(":")), encoding="utf-8") as file:
        digest = json.load(file)["layers"][0]["digest"]
    return os.path.join(layout, "blobs", *digest.split(":"))


class Registry(http.server.ThreadingHTTPServer):
    """Serves layouts, read-only, as NAME:latest."""

    def __init__(self, layouts):
        super().__init__(("127.0.0.1", 0), Handler)
        self.layouts = layouts
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle(self):
        if self.connection.recv(1, 2) != b"\x16":  # no TLS
            super().handle()

    def do_GET(self):
        name, _, rest = self.path.removeprefix("/v2/").partition("/")
        kind, _, what = rest.partition("/")
        data, media_type, status = b"{}", "application/json", 200
        if name:
            with open(os.path.join(self.server.layouts[name], "index.json"), encoding="utf-8") as file:
                manifest = json.load(file)["manifests"][0]
            digest = manifest["digest"] if what == "latest" else what
            media_type = manifest["mediaType"] if kind == "manifests" else "application/octet-stream"
            try:
                with open(os.path.join(self.server.layouts[name], "blobs", *digest.split(":")), "rb") as file:
                    data = file.read()
            except OSError:
                status = 404
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET
