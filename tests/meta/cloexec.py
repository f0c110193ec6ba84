#!/usr/bin/env python3
"""Holds three rules of docs/conventions.md by reading the sources: every descriptor is made close-on-exec, ::close is called
in base/unique_fd.h only, and `catch (...)` stands only where catch_all.txt gives the reason.

    cloexec.py [ROOT]
"""
import os
import re
import sys

FOLDERS = ("base", "cli", "lib", "netstack", "rootless", "storage")
# Call: what its statement, or the lines just before it (a flags variable, a struct), has to contain.
NEEDS = {
    r"::open(at)?": "O_CLOEXEC", r"syscall\(SYS_openat2": "O_CLOEXEC", r"::mkostemp": "O_CLOEXEC",
    r"::socket(pair)?": "SOCK_CLOEXEC", r"::accept4": "SOCK_CLOEXEC", r"::pipe2": "O_CLOEXEC", r"::dup3": "O_CLOEXEC",
    r"epoll_create1": "EPOLL_CLOEXEC", r"eventfd": "EFD_CLOEXEC", r"signalfd": "SFD_CLOEXEC",
    r"timerfd_create": "TFD_CLOEXEC", r"memfd_create": "MFD_CLOEXEC", r"inotify_init1": "IN_CLOEXEC",
    r"syscall\(SYS_fsopen|::fsopen": "FSOPEN_CLOEXEC", r"syscall\(SYS_fsmount|::fsmount": "FSMOUNT_CLOEXEC",
    r"syscall\(SYS_open_tree|::open_tree": "OPEN_TREE_CLOEXEC", r"::recvmsg": "MSG_CMSG_CLOEXEC", r"::fopen": '"[rwa+b]*e"',
}
# Calls that cannot say it at all.
NEVER = {
    r"::(accept|pipe|creat|epoll_create|inotify_init|mkstemp|tmpfile|popen|system)\(": "has no way to say close-on-exec",
    r"\bF_DUPFD\b": "use F_DUPFD_CLOEXEC",
    r"\bstd::[io]?fstream\b": "libstdc++ opens without O_CLOEXEC; use base/files.h",
}
# Copies onto fixed numbers for the program that is executed next: file and the calls allowed there.
STDIO_COPIES = r"::(dup|dup2)\("
NEAR = 6  # lines before a call in which its flags may stand


def strip_comments(text):
    """The text with comments and the insides of raw strings blanked, lines kept."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r'R"(\w*)\(.*?\)\1"', blank, text, flags=re.S)
    return re.sub(r'//[^\n]*|/\*.*?\*/', blank, text, flags=re.S)


def allowlist(path):
    """file -> count, from lines "file count reason"."""
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                file, count, reason = line.split(None, 2)
                found[file] = int(count)
                assert reason.strip(), f"{file} has no reason"
    return found


def says(word, near, text):
    """True when `near`, or the definition of a constant that it uses, contains `word`."""
    if re.search(word, near):
        return True
    return any(re.search(rf"\bconst\w* \w+ {name} =[^;]*{word}", text) for name in set(re.findall(r"\b[a-z_]*flags\b", near)))


def check_calls(name, text, complain):
    lines = text.split("\n")
    for pattern, word in NEEDS.items():
        for match in re.finditer(rf"(?<![\w:])(?:{pattern})(?=\s*\(|\s*,)", text):
            number = text.count("\n", 0, match.start())
            end = text.find(";", match.start())
            near = "\n".join(lines[max(0, number - NEAR):number]) + text[match.start():end]
            if not says(word, near, text):
                complain(f"{name}:{number + 1}: {match.group(0)} without {word}")
    for pattern, why in NEVER.items():
        for match in re.finditer(rf"(?<![\w:]){pattern}" if pattern.startswith("::") else pattern, text):
            complain(f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0)} {why}")


def main(root):
    os.chdir(root)
    here = os.path.join("tests", "meta")
    catch_all, stdio = allowlist(f"{here}/catch_all.txt"), allowlist(f"{here}/stdio_copies.txt")
    problems = []
    seen = set()
    for folder in FOLDERS:
        for directory, _, files in os.walk(folder):
            for file in sorted(files):
                name = os.path.join(directory, file)
                if not name.endswith((".cc", ".h")):
                    continue
                seen.add(name)
                with open(name, encoding="utf-8") as source:
                    text = strip_comments(source.read())
                check_calls(name, text, problems.append)
                if name != "base/unique_fd.h" and re.search(r"(?<![\w:])::close\(", text):
                    problems.append(f"{name}: calls ::close; descriptors are UniqueFd's (base/unique_fd.h)")
                for pattern, limits, what in ((r"catch \(\.\.\.\)", catch_all, "catch (...)"),
                                              (rf"(?<![\w:]){STDIO_COPIES}", stdio, "dup/dup2")):
                    count = len(re.findall(pattern, text))
                    if count != limits.get(name, 0):
                        problems.append(f"{name}: {count} × {what}, and {limits.get(name, 0)} of them explained in {here}")
    problems += [f"{here}: {name} is gone" for name in {**catch_all, **stdio} if name not in seen]
    print(f"cloexec: {len(seen)} files read")
    for problem in problems:
        print("cloexec:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")))
