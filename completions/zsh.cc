// The completion script for zsh, on top of its _arguments.
#include "completions/scripts.h"

namespace completions {
namespace {

using namespace cli;

constexpr const char* head = R"script(#compdef ctl
# zsh completion for ctl. Made from cli/spec_*.cc: change those.

# Names that ctl knows: containers, running, images or objects.
_ctl_names() {
    local -a names
    names=(${(f)"$(ctl __complete $1 2>/dev/null)"})
    compadd -a names
}

)script";

constexpr const char* tail = R"script(if [[ $funcstack[1] == _ctl ]]; then _ctl "$@"; else compdef _ctl ctl; fi
)script";

/// For the bracketed and colon-separated parts of an _arguments specification.
std::string spec_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string action(Completes completes, std::string_view words) {
    switch (completes) {
    case Completes::nothing: return "";
    case Completes::files: return "_files";
    case Completes::words: return "(" + std::string(words) + ")";
    default: return "{_ctl_names " + std::string(dynamic_kind(completes)) + "}";
    }
}

std::string option_lines(const OptionSpec& option) {
    const auto names = spellings(option);
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
    const std::string before = option.repeatable ? "*" : "(" + all + ")";
    std::string lines;
    for (const std::string& name : names) {
        std::string spec = before + name;
        if (!option.is_switch()) spec += name.starts_with("--") ? "=" : "+";
        spec += "[" + spec_escaped(one_line(option.help)) + "]";
        if (!option.is_switch()) spec += ":" + spec_escaped(option.value) + ":" + action(option.completes, option.words);
        lines += " \\\n        " + quoted(spec);
    }
    return lines;
}

std::string argument_lines(const CommandSpec& command) {
    std::string lines;
    std::size_t position = 1;
    for (const ArgumentSpec& argument : command.arguments) {
        std::string which = argument.repeatable ? "*" : std::to_string(position++);
        if (!argument.required && !argument.repeatable) which += ":";
        lines += " \\\n        "
                 + quoted(which + ":" + spec_escaped(argument.name) + ":" + action(argument.completes, ""));
    }
    return lines;
}

std::string command_function(const CommandSpec& command) {
    std::string lines = "_ctl_command_" + joined_name(command.name) + "() {\n    _arguments -s";
    // -A: no options after the first argument; -S: none after "--".
    lines += command.ends_options_at_argument ? " -S -A '-*'" : " -S";
    for (const OptionSpec& option : options_with_help(command)) lines += option_lines(option);
    return lines + argument_lines(command) + "\n}\n\n";
}

/// Under its other names a command completes as under its own.
std::string alias_functions(const CommandSpec& command) {
    std::string lines;
    for (const std::string_view name : names_of(command))
        if (name != command.name)
            lines += "_ctl_command_" + joined_name(name) + "() { _ctl_command_" + joined_name(command.name) + " }\n";
    return lines.empty() ? lines : lines + "\n";
}

/// Completes the member's word, then lets the member's function complete the rest. To be inside of each function that
/// does so: zsh undoes the change of $words when a function returns.
std::string dispatch(std::string_view list, std::string_view prefix) {
    const std::string function = "_ctl_command_" + std::string(prefix) + "$words[1]";
    return " \\\n        '1:command:->command' '*::arguments:->arguments'\n"
           "    case $state in\n"
           "    command) _describe command " + std::string(list) + " ;;\n"
           "    arguments)\n"
           "        curcontext=\"${curcontext%:*:*}:ctl-$words[1]:\"\n"
           "        (( $+functions[" + function + "] )) && " + function + "\n"
           "        ;;\n"
           "    esac\n"
           "}\n\n";
}

std::string group_function(const CommandSpec& group) {
    std::string lines = "_ctl_command_" + joined_name(group.name) + "() {\n    local curcontext=\"$curcontext\" state line\n"
                        "    typeset -A opt_args\n    local -a members=(\n";
    for (const GroupMember& member : members_of(group))
        lines += "        " + quoted(std::string(member.word) + ":" + std::string(member.command->brief)) + "\n";
    lines += "    )\n    _arguments -C -S -A '-*'";
    for (const OptionSpec& option : options_with_help(group)) lines += option_lines(option);
    return lines + dispatch("members", joined_name(group.name) + "_");
}

} // namespace

std::string zsh_script() {
    std::string script = head;
    script += "_ctl_commands=(\n";
    for (const CommandSpec* command : commands())
        if (command->name.find(' ') == std::string_view::npos)
            script += "    " + quoted(std::string(command->name) + ":" + std::string(command->brief)) + "\n";
    script += ")\n\n";
    for (const CommandSpec* command : commands())
        script += command->is_group ? group_function(*command) : command_function(*command) + alias_functions(*command);
    script += "_ctl() {\n    local curcontext=\"$curcontext\" state line\n    typeset -A opt_args\n    _arguments -C -S -A '-*'";
    for (const OptionSpec& option : options_with_help(program_spec)) script += option_lines(option);
    return script + dispatch("_ctl_commands", "") + tail;
}

} // namespace completions
