// The one description of ctl's commands: plain data, from which the parser and its help (cli/parse.cc), the man pages
// (man/), the shell completions (completions/) and their tests are made.
//
// The tables are constexpr (cli/spec_*.cc, one file per group of commands), so describing a command costs nothing at
// start-up. Texts are plain: no markup, no trailing period in the one-line helps.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// What a shell offers while a value is typed.
enum class Completes {
    nothing,
    files,
    containers,         ///< names of all containers
    running_containers, ///< names of those that run
    images,
    artifacts,
    objects,            ///< containers and images
    words,              ///< OptionSpec::words
};

struct ArgumentSpec {
    std::string_view name; ///< upper case, as in the usage line
    std::string_view help;
    bool required = true;
    bool repeatable = false;
    Completes completes = Completes::nothing;
};

struct OptionSpec {
    std::string_view long_name;    ///< without the dashes; the key of ParsedCommand
    std::string_view alias;        ///< a second long name, may be empty
    char short_name = '\0';
    std::string_view value;        ///< what stands for the value in the help, "NAME=VALUE"; empty: a switch
    bool repeatable = false;       ///< each use adds a value; otherwise the last one wins
    std::string_view default_text; ///< what holds when the option is not given, for humans
    std::string_view help;
    Completes completes = Completes::nothing;
    std::string_view words;        ///< the choices, separated by blanks, for Completes::words

    constexpr bool is_switch() const { return value.empty(); }
};

struct ExampleSpec {
    std::string_view line; ///< what to type
    std::string_view says; ///< what it does
};

struct CommandSpec {
    std::string_view name;        ///< one word; more for a member of a group: "image trust show"
    std::string_view aliases;     ///< other names, separated by commas: "container ls,container list"
    std::string_view group;       ///< heading in `ctl --help`
    std::string_view brief;       ///< one line, imperative
    std::string_view description; ///< paragraphs separated by empty lines
    std::span<const ExampleSpec> examples;
    std::span<const ArgumentSpec> arguments;
    std::span<const OptionSpec> options;
    /// Whether everything after the first argument belongs to the container's command, dashes or not (run, create, exec).
    bool ends_options_at_argument = false;
    bool is_group = false; ///< does nothing itself; its members are the names that begin with its own and a blank
};

/// Every command takes it; `-h` too where that letter is free.
inline constexpr OptionSpec help_option{.long_name = "help", .help = "Show this help"};
bool has_short_help(std::span<const OptionSpec> options);

/// `ctl` itself: what stands before the command.
extern const CommandSpec program_spec;

/// All commands, in the order of `ctl --help`.
std::span<const CommandSpec* const> commands();
/// By name or alias, nullptr when there is none.
const CommandSpec* find_command(std::string_view name);
/// The name and the aliases.
std::vector<std::string_view> names_of(const CommandSpec& command);

/// A command by the word that stands behind the group's name: "ls" of "container ls".
struct GroupMember {
    std::string_view word;
    const CommandSpec* command;
};
/// Sorted by word.
std::vector<GroupMember> members_of(const CommandSpec& group);
/// By long name or alias, nullptr when there is none.
const OptionSpec* find_option(const CommandSpec& command, std::string_view long_name);
const OptionSpec* find_option(const CommandSpec& command, char short_name);

/// "[options] IMAGE [COMMAND...]": the usage line after the command's name.
std::string usage(const CommandSpec& command);

/// Several tables as one, for commands that share options.
template <class... Tables>
constexpr auto joined(const Tables&... tables) {
    std::array<OptionSpec, (sizeof(Tables) + ...) / sizeof(OptionSpec)> all{};
    std::size_t at = 0;
    const auto append = [&](const auto& table) {
        for (const OptionSpec& option : table) all[at++] = option;
    };
    (append(tables), ...);
    return all;
}

} // namespace cli
