// The completion script for fish.
#include "completions/scripts.h"

namespace completions {
namespace {

using namespace cli;

constexpr const char* head = R"script(# fish completion for ctl. Made from cli/spec_*.cc: change those.

# The command on the line and the number of its arguments so far, "run 1", "container_prune 0"; nothing before the command.
function __ctl_position
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    set -l count 0
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
        else if string match -q -- '-?*' $word
            if test $count -gt 0; and __ctl_ends_options $command
                set count (math $count + 1)
            else if __ctl_takes_next "$command" $word
                set skip 1
            end
        else if test -z "$command"
            set command (__ctl_canonical $word)
        else if contains -- $command $__ctl_groups
            set command (__ctl_canonical $command'_'$word)
        else
            set count (math $count + 1)
        end
    end
    test -n "$command"; and echo $command $count
end

# Whether an option takes the next word as its value; -it is the option t.
function __ctl_takes_next
    set -l option $argv[2]
    string match -q -- '--*=*' $option; and return 1
    string match -qr -- '^-[^-]..*' $option; and set option -(string sub -s -1 -- $option)
    contains -- "$argv[1] $option" $__ctl_value_options
end

function __ctl_needs_command
    test -z (__ctl_position | string collect)
end

# Whether the line is at a command's options: its words have not ended them.
function __ctl_at_options
    set -l position (__ctl_position | string split ' ')
    test "$position[1]" = $argv[1]; or return 1
    not __ctl_ends_options $argv[1]; or test "$position[2]" = 0
end

# Whether argument number $argv[2] (from 0), or any with *, of a command comes next.
function __ctl_at_argument
    set -l position (__ctl_position | string split ' ')
    test "$position[1]" = $argv[1]; or return 1
    test "$argv[2]" = '*'; or test "$position[2]" = $argv[2]
end

)script";

/// fish reads \ and ' inside of single quotes.
std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string value_flags(const OptionSpec& option) {
    if (option.is_switch()) return "";
    switch (option.completes) {
    case Completes::nothing: return " -x";
    case Completes::files: return " -r -F";
    case Completes::words: return " -x -a " + fish_quoted(option.words);
    default: return " -x -a '(ctl __complete " + std::string(dynamic_kind(option.completes)) + " 2>/dev/null)'";
    }
}

std::string option_line(const std::string& condition, const OptionSpec& option) {
    std::string line = "complete -c ctl -n " + fish_quoted(condition);
    if (option.short_name != '\0') line += std::string(" -s ") + option.short_name;
    line += " -l " + std::string(option.long_name);
    if (!option.alias.empty()) line += " -l " + std::string(option.alias);
    return line + value_flags(option) + " -d " + fish_quoted(one_line(option.help)) + "\n";
}

std::string command_lines(const CommandSpec& command) {
    const std::string name = joined_name(command.name);
    std::string lines = "\n";
    if (name == command.name) lines += "complete -c ctl -n __ctl_needs_command -a " + name + " -d " + fish_quoted(command.brief) + "\n";
    if (command.is_group)
        for (const GroupMember& member : members_of(command))
            lines += "complete -c ctl -n " + fish_quoted("__ctl_at_argument " + name + " 0") + " -a " + std::string(member.word)
                     + " -d " + fish_quoted(member.command->brief) + "\n";
    for (const OptionSpec& option : options_with_help(command)) lines += option_line("__ctl_at_options " + name, option);
    std::size_t position = 0;
    for (const ArgumentSpec& argument : command.arguments) {
        const std::string which = argument.repeatable ? "\\*" : std::to_string(position++);
        if (argument.completes == Completes::nothing) continue;
        lines += "complete -c ctl -n " + fish_quoted("__ctl_at_argument " + name + " " + (argument.repeatable ? "\"*\"" : which))
                 + " -a '(ctl __complete " + std::string(dynamic_kind(argument.completes)) + " 2>/dev/null)'\n";
    }
    return lines;
}

} // namespace

std::string fish_script() {
    std::string values, ends, groups, aliases;
    for (const CommandSpec* command : commands()) {
        const std::string name = joined_name(command->name);
        if (command->ends_options_at_argument) ends += " " + name;
        if (command->is_group) groups += " " + name;
        for (const std::string_view other : names_of(*command))
            if (other != command->name) aliases += "    case " + joined_name(other) + "\n        echo " + name + "\n";
        for (const OptionSpec& option : command->options)
            if (!option.is_switch())
                for (const std::string& spelling : spellings(option)) values += " \\\n    '" + name + " " + spelling + "'";
    }
    std::string script = head;
    script += "set -g __ctl_groups" + groups + "\n\n";
    script += "# The name under which the rest of the script knows a command.\nfunction __ctl_canonical\n    switch $argv[1]\n" + aliases
              + "    case '*'\n        echo $argv[1]\n    end\nend\n\n";
    script += "function __ctl_ends_options\n    contains -- \"$argv[1]\"" + ends + "\nend\n\n";
    script += "set -g __ctl_value_options" + values + "\n\ncomplete -c ctl -f\n";
    for (const OptionSpec& option : options_with_help(program_spec)) script += option_line("__ctl_needs_command", option);
    for (const CommandSpec* command : commands()) script += command_lines(*command);
    return script;
}

} // namespace completions
