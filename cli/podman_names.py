#!/usr/bin/env python3
"""Writes cli/podman_names.cc from a description of Podman's command line.

usage: podman_names.py podman-cli.json > podman_names.cc

The description is a list of commands with their flags, parsed from `podman --help` of version 5.4.2, recursively.
"""
import json
import sys

HEAD = """// Names of Podman 5.4's commands and options. Made by cli/podman_names.py: change that, not this.
#include "cli/podman_names.h"

#include <algorithm>

namespace cli {
namespace {

constexpr PodmanCommand all_commands[] = {
"""

TAIL = """};

const PodmanCommand* find_podman_command(std::string_view name) {
    const auto found = std::ranges::lower_bound(all_commands, name, {}, &PodmanCommand::name);
    return found != std::end(all_commands) && found->name == name ? found : nullptr;
}

} // namespace

std::span<const PodmanCommand> podman_commands() { return all_commands; }

bool is_podman_command(std::string_view name) {
    const auto next = std::ranges::lower_bound(all_commands, name, {}, &PodmanCommand::name);
    if (name.empty() || next == std::end(all_commands)) return false;
    const std::string_view rest = next->name.substr(std::min(name.size(), next->name.size()));
    return next->name.starts_with(name) && (rest.empty() || rest.front() == ' ');
}

bool is_podman_option(std::string_view command, std::string_view option) {
    const PodmanCommand* entry = find_podman_command(command);
    if (entry != nullptr && !entry->same_as.empty()) entry = find_podman_command(entry->same_as);
    if (entry == nullptr || option.empty()) return false;
    std::string_view rest = entry->options;
    while (!rest.empty()) {
        std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        const auto comma = word.find(',');
        if (word.substr(0, comma) == option) return true;
        if (comma != std::string_view::npos && word.substr(comma + 1) == option) return true;
    }
    return false;
}

} // namespace cli
"""


def option_words(command):
    """The options of a command as words, long name first, then those spellings that --help does not show."""
    words = set()
    for flag in command["flags"]:
        name = flag["long"].lstrip("-")
        letter = (flag.get("short") or "").lstrip("-")
        words.add(name + ("," + letter if letter else ""))
        words.update(alias.lstrip("-") for alias in flag.get("aliases") or [])
    return sorted(words - {"help"})


def add_hidden(table, hidden):
    """Options that Podman takes and does not show: "--wait (5.4: hidden)", under "create/run"."""
    for names, flags in hidden.items():
        first, *rest = names.split("/")
        group = first.rpartition(" ")[0]
        for name in [first] + [(group + " " + other).strip() for other in rest]:
            same_as = table.get(name, ("", []))[0]
            target = table.get(same_as or name)
            if target is not None:
                target[1].extend(flag.split()[0].lstrip("-") for flag in flags)


def literal(words, width=100):
    """The words as C++ string literals, one a line."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) + 1 > width:
            lines.append(line + " ")
            line = ""
        line += (" " if line else "") + word
    lines.append(line)
    return "\n     ".join(f'"{text}"' for text in lines)


def main():
    data = json.load(open(sys.argv[1], encoding="utf-8"))
    table = {}
    for command in data["commands"]:
        name = "" if command["command"] == "(global)" else command["command"]
        same_as = command.get("same_as", "")
        table[name] = (same_as, [] if same_as else option_words(command))
        group = name.rpartition(" ")[0]
        for alias in command.get("aliases") or []:
            table.setdefault((group + " " + alias).strip(), (same_as or name, []))
    for command in data["excluded"]:
        if "command" in command:
            table.setdefault(command["command"], ("", []))
    for text in data["hidden_commands"]:
        words = text.partition(" (")[0].split()
        table.setdefault(" ".join(word for word in words if not word.isupper()), ("", []))
    add_hidden(table, data["hidden_flags"])
    print(HEAD, end="")
    for name, (same_as, words) in sorted(table.items()):
        entry = f'    {{"{name}", "{same_as}", {literal(sorted(set(words)))}}},'
        print(entry if len(entry) <= 110 else entry.replace(", ", ",\n     ", 2).replace(",\n     ", ", ", 1))
    print(TAIL, end="")


if __name__ == "__main__":
    main()
