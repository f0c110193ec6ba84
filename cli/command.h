// How main reaches the commands: the table from names to functions, and what every command is given.
#pragma once

#include "cli/parse.h"
#include "lib/config/containers_conf.h"
#include "lib/engine.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// What stood before the command.
struct Globals {
    const ParsedCommand* oci = nullptr; ///< borrowed: what stood before the command of `ctl oci`
    bool single_id = false;
    std::string runtime;                    ///< --runtime before the command: for containers that it makes
    std::vector<std::string> runtime_flags; ///< --runtime-flag
    lib::config::ContainersConf conf; ///< for the commands that read it

    /// Finds out about the user and the machine; commands that need neither (version) do not call it.
    lib::Engine make_engine() const;
};

/// Does the command and returns the exit status. Prints results on standard output; throws Error.
using CommandFunction = int (*)(const ParsedCommand& command, const Globals& globals);

/// For every command that cli/spec.h describes; nullptr for other names.
CommandFunction find_command_function(std::string_view name);

} // namespace cli
