// From argv to a plain structure, after the description of cli/spec.h. The only home of CLI11 is cli/parse.cc.
#pragma once

#include "cli/spec.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// A command as the user gave it. Asking for an option that the command does not describe is a programming error
/// (std::logic_error), so that a misspelt name does not read as "not given".
class ParsedCommand {
public:
    explicit ParsedCommand(const CommandSpec& spec) : spec_(&spec) {}

    const CommandSpec& spec() const { return *spec_; }
    /// Whether a switch is on; `fallback` where it was not given. Throws Error for "--rm=perhaps".
    bool is_on(std::string_view option, bool fallback = false) const;
    /// The value, the last one where several were given.
    std::optional<std::string> find(std::string_view option) const;
    /// All values in the order given.
    std::vector<std::string> list(std::string_view option) const;
    /// All values, each split at commas, for the options where Podman does so (--cap-add a,b).
    std::vector<std::string> list_split(std::string_view option) const;

    std::string called_as; ///< the name that was typed: the command's or an alias, "container inspect"
    std::vector<std::string> arguments;
    std::map<std::string, std::vector<std::string>, std::less<>> values; ///< by long name

private:
    const std::vector<std::string>* values_of(std::string_view option) const;
    const CommandSpec* spec_;
};

/// Parses the words after the command's name. With --help among the options nothing else is checked. Throws Error: option
/// not supported yet (Podman has it), unknown option with the nearest name, missing value, too few or too many arguments.
ParsedCommand parse_command(const CommandSpec& spec, const std::vector<std::string>& words);

/// The text of `ctl COMMAND --help`; of `ctl --help` with program_spec; a group's lists its members.
std::string help_text(const CommandSpec& spec);

/// The error for a word that is no command of ours: not supported yet, or unknown with the nearest name.
[[noreturn]] void throw_unknown_command(const std::string& name);

} // namespace cli
