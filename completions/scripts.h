// The completion scripts, made from the description of the commands (cli/spec.h). Names of containers and images come from
// `ctl __complete` while completing.
#pragma once

#include "cli/spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace completions {

std::string bash_script();
std::string zsh_script();
std::string fish_script();

/// Every spelling of an option: "-p", "--publish"; with help_option too, whose letter depends on the command.
std::vector<std::string> spellings(const cli::OptionSpec& option);
/// The command's options and --help.
std::vector<cli::OptionSpec> options_with_help(const cli::CommandSpec& command);
/// What `ctl __complete` calls it, empty for what does not come from there.
std::string_view dynamic_kind(cli::Completes completes);
/// `text` in single quotes of a POSIX shell.
std::string quoted(std::string_view text);
/// The name with "_" for the blank, where a shell needs one word.
std::string joined_name(std::string_view name);
/// Help on one line.
std::string one_line(std::string_view help);

} // namespace completions
