// The names of Podman 5.4's commands and options, so that one that ctl does not have yet is told apart from a typing error.
#pragma once

#include <span>
#include <string_view>

namespace cli {

struct PodmanCommand {
    std::string_view name;    ///< "run", "network create"
    std::string_view same_as; ///< the command whose options it has, may be empty
    std::string_view options; ///< long names, each with its letter after a comma: "all,a format"
};

/// Sorted by name; made by cli/podman_names.py. The entry "" has the options that stand before the command.
std::span<const PodmanCommand> podman_commands();

/// Also for the first word of longer names, "network".
bool is_podman_command(std::string_view name);
/// `option` without dashes: a long name, or one letter.
bool is_podman_option(std::string_view command, std::string_view option);

} // namespace cli
