#!/usr/bin/env python3
"""evilarchive - archives for `ctl load` that no honest tool writes.

    evilarchive.py LAYOUT OUT WAY

Makes OUT, a docker-archive or an OCI archive (a directory for ways that begin with "dir-") of the layout's image.
"""
import gzip
import io
import json
import os
import shutil
import sys
import tarfile


def read(layout, digest):
    with open(os.path.join(layout, "blobs/sha256", digest.split(":")[1]), "rb") as file:
        return file.read()


class Archive:
    """A tar in the making; members are (name, type, content or link target)."""

    def __init__(self):
        self.members = []

    def file(self, name, content):
        self.members.append((name, tarfile.REGTYPE, content))

    def other(self, name, kind, target=""):
        self.members.append((name, kind, target))

    def replace(self, name, kind, target=""):
        self.members = [member for member in self.members if member[0] != name]
        self.other(name, kind, target)

    def content(self, name):
        return next(member[2] for member in self.members if member[0] == name)

    def write(self, path):
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for name, kind, content in self.members:
                info = tarfile.TarInfo(name)
                info.type = kind
                if kind == tarfile.REGTYPE:
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
                else:
                    info.linkname = content
                    tar.addfile(info)


def oci(layout, way):
    archive = Archive()
    for folder, _, names in os.walk(layout):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                archive.file(os.path.relpath(path, layout), file.read())
    index = json.loads(archive.content("index.json"))
    manifest_name = "blobs/sha256/" + index["manifests"][0]["digest"].split(":")[1]
    layer_name = "blobs/sha256/" + json.loads(archive.content(manifest_name))["layers"][0]["digest"].split(":")[1]
    if way == "oci-index-link":
        archive.replace("index.json", tarfile.SYMTYPE, "/etc/passwd")
    if way == "oci-layout-link":
        archive.replace("oci-layout", tarfile.SYMTYPE, "index.json")
    if way == "oci-blob-link":
        archive.replace(layer_name, tarfile.SYMTYPE, "../../../../../../etc/passwd")
    if way == "oci-blob-hardlink":
        archive.replace(layer_name, tarfile.LNKTYPE, manifest_name)
    if way == "oci-blob-device":
        archive.replace(layer_name, tarfile.CHRTYPE)
    if way == "oci-blobs-link":
        archive.other("blobs/sha256", tarfile.SYMTYPE, "/etc")
    if way == "oci-twice":
        archive.file("index.json", archive.content("index.json"))
    if way == "oci-leaves":
        archive.file("../evil", b"x")
    if way == "oci-absolute":
        archive.file("/evil", b"x")
    if way == "oci-altered":
        data = archive.content(layer_name)
        archive.members = [member for member in archive.members if member[0] != layer_name]
        archive.file(layer_name, data[:4] + bytes([data[4] ^ 1]) + data[5:])
    if way == "oci-digest-path":
        index["manifests"][0]["digest"] = "sha256:../../../etc/passwd"
        archive.members = [member for member in archive.members if member[0] != "index.json"]
        archive.file("index.json", json.dumps(index).encode())
    return archive


def docker(layout, way):
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        manifest = json.loads(read(layout, json.load(file)["manifests"][0]["digest"]))
    config = read(layout, manifest["config"]["digest"])
    layers = [gzip.decompress(read(layout, layer["digest"])) for layer in manifest["layers"]]
    archive, names = Archive(), []
    for number, layer in enumerate(layers):  # as Docker before 25 names them
        name = f"{number:064x}/layer.tar"
        if way == "docker-linked":  # what it does with a layer that two images share
            archive.file("0" * 63 + "f/layer.tar", layer)
            archive.other(name, tarfile.SYMTYPE, "../" + "0" * 63 + "f/layer.tar")
        elif way == "docker-link-out":
            archive.other(name, tarfile.SYMTYPE, "../../../../../../etc/passwd")
        elif way == "docker-link-loop":
            archive.other(name, tarfile.SYMTYPE, "layer.tar")
        elif way == "docker-gzip-layers":
            archive.file(name, gzip.compress(layer))
        else:
            archive.file(name, layer)
        names.append(name)
    entry = {"Config": "c.json", "RepoTags": ["evil:1", "other.example/evil:2"], "Layers": names}
    if way == "docker-no-tags":
        entry["RepoTags"] = None
    if way == "docker-bad-tag":
        entry["RepoTags"] = ["../../evil:1"]
    if way == "docker-config-type":
        config = b'{"architecture": 3, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}'
    if way == "docker-layer-count":
        entry["Layers"] = names + names
    archive.file("c.json", config)
    if way == "docker-config-link":
        archive.replace("c.json", tarfile.SYMTYPE, "manifest.json")
    manifest_json = json.dumps([entry]).encode()
    if way == "docker-duplicate-keys":
        manifest_json = manifest_json[:-2] + b', "Config": "c.json"}]'
    archive.file("manifest.json", manifest_json)
    return archive


def directory(layout, out, way):
    shutil.copytree(layout, out)
    if way == "dir-blobs-link":
        os.rename(os.path.join(out, "blobs"), out + ".blobs")
        os.symlink(out + ".blobs", os.path.join(out, "blobs"))
    if way == "dir-index-link":
        os.rename(os.path.join(out, "index.json"), out + ".index.json")
        os.symlink(out + ".index.json", os.path.join(out, "index.json"))
    if way == "dir-index-fifo":
        os.remove(os.path.join(out, "index.json"))
        os.mkfifo(os.path.join(out, "index.json"))


def main(layout, out, way):
    if way.startswith("dir-"):
        directory(layout, out, way)
    else:
        (docker if way.startswith("docker-") else oci)(layout, way).write(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
