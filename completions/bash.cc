// The completion script for bash. It needs nothing of the bash-completion package.
#include "completions/scripts.h"

namespace completions {
namespace {

using namespace cli;

/// The functions that know the commands; the rest of the script asks them.
constexpr const char* head = R"script(# bash completion for ctl. Made from cli/spec_*.cc: change those.
)script";

constexpr const char* tail = R"script(
# What completes a kind of word ($1) that begins with $2.
_ctl_candidates() {
    case $1 in
    files) compgen -f -- "$2" ;;
    words:*) compgen -W "${1#words:}" -- "$2" ;;
    containers | running | images | objects) compgen -W "$(ctl __complete "$1" 2>/dev/null)" -- "$2" ;;
    esac
}

# Whether the option $2 of command $1 takes the next word as its value; -it is the option t.
_ctl_takes_next() {
    local option=$2
    [[ $option == --*=* ]] && return 1
    [[ $option == -[!-]?* ]] && option=-${option: -1}
    [[ -n $(_ctl_value_kind "$1" "$option") ]]
}

_ctl() {
    local words current command="" previous="" kind word index count=0 pending="" ended=""
    # The words as they stand: bash itself would split them at = and :.
    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    current=${words[-1]}
    COMPREPLY=()
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        word=${words[index]}
        if [[ -n $pending ]]; then
            pending=""
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == -?* ]]; then
            if [[ -n $command ]] && _ctl_takes_next "$command" "$word"; then pending=$word; fi
        elif [[ -z $command ]]; then
            command=$(_ctl_canonical "$word")
        elif _ctl_is_group "$command"; then
            command=$(_ctl_canonical "$command $word")
        else
            count=$((count + 1))
            if _ctl_ends_options "$command"; then ended=1; fi
        fi
    done
    previous=$pending
    if [[ -n $previous ]]; then
        [[ $previous == -[!-]?* ]] && previous=-${previous: -1}
        kind=$(_ctl_value_kind "$command" "$previous")
        mapfile -t COMPREPLY < <(_ctl_candidates "$kind" "$current")
    elif [[ -z $ended && $current == --*=* ]]; then
        kind=$(_ctl_value_kind "$command" "${current%%=*}")
        mapfile -t COMPREPLY < <(_ctl_candidates "$kind" "${current#*=}")
        return
    elif [[ -z $ended && $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_ctl_options "$command")" -- "$current")
    elif [[ -z $command ]] || _ctl_is_group "$command"; then
        mapfile -t COMPREPLY < <(compgen -W "$(_ctl_commands "$command")" -- "$current")
    else
        mapfile -t COMPREPLY < <(_ctl_candidates "$(_ctl_argument_kind "$command" "$count")" "$current")
    fi
    # readline replaces only what follows the last colon.
    if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local keep=${current%"${current##*:}"}
        COMPREPLY=("${COMPREPLY[@]#"$keep"}")
    fi
}

complete -o nosort -o filenames -F _ctl ctl
)script";

std::string kind(Completes completes, std::string_view words) {
    if (completes == Completes::nothing) return "nothing";
    if (completes == Completes::files) return "files";
    if (completes == Completes::words) return "words:" + std::string(words);
    return std::string(dynamic_kind(completes));
}

std::string options_of(const CommandSpec& command) {
    std::string words;
    for (const OptionSpec& option : options_with_help(command))
        for (const std::string& spelling : spellings(option)) words += (words.empty() ? "" : " ") + spelling;
    return "    " + quoted(command.name) + ") echo " + quoted(words) + " ;;\n";
}

std::string values_of(const CommandSpec& command) {
    std::string lines;
    for (const OptionSpec& option : command.options) {
        if (option.is_switch()) continue;
        std::string pattern;
        for (const std::string& spelling : spellings(option))
            pattern += (pattern.empty() ? "" : " | ") + quoted(std::string(command.name) + " " + spelling);
        lines += "    " + pattern + ") echo " + quoted(kind(option.completes, option.words)) + " ;;\n";
    }
    return lines;
}

std::string arguments_of(const CommandSpec& command) {
    std::string lines;
    std::size_t position = 0;
    for (const ArgumentSpec& argument : command.arguments) {
        const std::string number = argument.repeatable ? " '*" : " " + std::to_string(position++) + "'";
        const std::string pattern = "'" + std::string(command.name) + number;
        if (argument.completes != Completes::nothing)
            lines += "    " + pattern + ") echo " + quoted(kind(argument.completes, "")) + " ;;\n";
    }
    return lines;
}

/// A shell function that is one `case`.
std::string function(const std::string& name, const std::string& subject, const std::string& cases) {
    return "\n" + name + "() {\n    case " + subject + " in\n" + cases + "    esac\n}\n";
}

void append(std::string& list, std::string_view separator, std::string_view word) {
    if (!list.empty()) list += separator;
    list += word;
}

std::string yes_if(const std::string& pattern) { return "    " + pattern + ") return 0 ;;\n    *) return 1 ;;\n"; }

} // namespace

std::string bash_script() {
    std::string names, options = options_of(program_spec), values, arguments, ends, groups, members, aliases;
    for (const CommandSpec* command : commands()) {
        if (command->name.find(' ') == std::string_view::npos) append(names, " ", command->name);
        options += options_of(*command);
        values += values_of(*command);
        arguments += arguments_of(*command);
        for (const std::string_view name : names_of(*command))
            if (name != command->name) aliases += "    " + quoted(name) + ") echo " + quoted(command->name) + " ;;\n";
        if (command->ends_options_at_argument) append(ends, " | ", quoted(command->name));
        if (!command->is_group) continue;
        append(groups, " | ", quoted(command->name));
        std::string words;
        for (const GroupMember& member : members_of(*command)) append(words, " ", member.word);
        members += "    " + quoted(command->name) + ") echo " + quoted(words) + " ;;\n";
    }
    members += "    '') echo " + quoted(names) + " ;;\n";
    aliases += "    *) echo \"$1\" ;;\n";
    return head + ("\n# The commands of ctl itself, or of the group $1." + function("_ctl_commands", "$1", members))
           + function("_ctl_is_group", "$1", yes_if(groups))
           + "\n# The name under which the functions below know command $1." + function("_ctl_canonical", "$1", aliases)
           + function("_ctl_options", "$1", options)
           + "\n# What kind of word follows the option $2 of command $1; nothing for a switch."
           + function("_ctl_value_kind", "\"$1 $2\"", values)
           + "\n# What kind of word argument $2 (from 0) of command $1 is."
           + function("_ctl_argument_kind", "\"$1 $2\"", arguments)
           + "\n# Whether what follows the first argument belongs to the container's command."
           + function("_ctl_ends_options", "$1", yes_if(ends)) + tail;
}

} // namespace completions
