#!/usr/bin/env python3
"""Compares ctl's JSON documents with the fields and types of Podman 5.4's.

usage: podman_fields.py DOCUMENT <ctl's JSON

DOCUMENT is a word of podman_fields.txt, whose lines are "DOCUMENT .path[].of.field type"; a line that begins with "-" is a
field that ctl leaves out (docs/podman-documents.md says why), so it must not be there. Prints what differs; 1 if anything.
"""
import json
import pathlib
import sys

TYPES = {dict: 'object', list: 'array', str: 'string', bool: 'boolean', int: 'number', float: 'number', type(None): 'null'}


def collect(value, path, found):
    if isinstance(value, dict):
        for key, member in value.items():
            found.setdefault(f'{path}.{key}', set()).add(TYPES[type(member)])
            collect(member, f'{path}.{key}', found)
    elif isinstance(value, list):
        for member in value:
            collect(member, path + '[]', found)


def main(document):
    data = json.load(sys.stdin)
    found = {}
    for element in data if isinstance(data, list) else [data]:
        collect(element, '', found)
    problems = []
    for line in pathlib.Path(__file__).with_suffix('.txt').read_text().splitlines():
        left_out = line.startswith('-')
        name, path, kind = line.removeprefix('-').split()
        if name != document:
            continue
        if left_out and path in found:
            problems.append(f'{path} is there: take the "-" away, and the line from docs/podman-documents.md')
        elif not left_out and path not in found:
            problems.append(f'{path} is missing')
        elif not left_out and kind != 'null' and not found[path] <= {kind, 'null'}:
            problems.append(f'{path} is {" or ".join(sorted(found[path]))}, not {kind}')
    print('\n'.join(problems))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
