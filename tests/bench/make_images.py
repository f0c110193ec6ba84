#!/usr/bin/env python3
"""make_images ROOT OUT - OCI layouts and archives of the two images that tests/bench/images measures with.

big:  a Debian root in five layers;  many: a hundred layers of ten files of 4 KiB.
"""
import json
import pathlib
import subprocess
import sys

MKIMG = pathlib.Path(__file__).parent.parent / "fixtures" / "mkimg.py"
# What goes into the layers of `big`, in order; what an earlier one has is left out of the later ones.
PARTS = [["usr/lib/x86_64-linux-gnu", "usr/bin"], ["usr/share"], ["usr/lib"], ["usr/libexec", "usr/include", "usr/sbin"], ["."]]


def big_layers(root, out):
    taken = ["./proc", "./sys", "./dev", "./done"]
    for number, parts in enumerate(PARTS):
        tar = out / f"part-{number}.tar"
        excludes = [f"--exclude={path}" for path in taken]
        subprocess.run(["tar", "-C", root, "--numeric-owner", "--anchored", *excludes, "-cf", tar,
                        *("./" + part if part != "." else "." for part in parts)], check=True)
        taken += ["./" + part for part in parts]
        yield {"tar": str(tar)}


def many_layers():
    for layer in range(100):
        yield {"entries": [{"path": f"data/{layer}/{number}", "type": "file", "content": f"{layer}-{number} " * 500}
                           for number in range(10)]}


def make(name, layers, out):
    spec = out / f"{name}.json"
    spec.write_text(json.dumps({"format": "oci", "config": {"Cmd": ["/bin/bash"]}, "layers": list(layers)}))
    layout = out / name
    subprocess.run([sys.executable, MKIMG, "build", spec, layout], check=True)
    subprocess.run([sys.executable, MKIMG, "docker-archive", layout, out / f"{name}.tar", f"localhost/{name}:latest"], check=True)
    spec.unlink()


def main():
    root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    make("big", big_layers(root, out), out)
    make("many", many_layers(), out)
    for part in out.glob("part-*.tar"):
        part.unlink()


if __name__ == "__main__":
    main()
