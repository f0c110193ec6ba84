// Parsing with CLI11, see cli/parse.h. The only file that includes CLI11, because it is slow to compile; and only the app
// of the command in use is built, because building all of them would cost as much as the rest of the start.
#include "cli/parse.h"

#include "base/error.h"
#include "cli/podman_names.h"
#include "cli/refused_options.h"
#include "cli/suggest.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace cli {
namespace {

constexpr std::size_t help_width = 100; ///< columns of the help's lines
constexpr std::size_t help_indent = 34; ///< where the descriptions start

/// CLI11 takes `--name=` for "the value is the next word". The empty value travels through it as this instead.
constexpr char empty_value = '\x01';

/// The words with line breaks so that they fit into `width` columns.
std::string wrapped(std::string_view text, std::size_t width) {
    std::string lines;
    std::size_t column = 0;
    while (!text.empty()) {
        if (text.starts_with("\n\n")) {
            lines += "\n\n";
            column = 0;
            text.remove_prefix(2);
            continue;
        }
        const std::string_view word = text.substr(0, text.find_first_of(" \n"));
        text.remove_prefix(std::max<std::size_t>(word.size(), 1));
        if (word.empty()) continue;
        const bool fits = column == 0 || column + 1 + word.size() <= width;
        if (column > 0) lines += fits ? ' ' : '\n';
        column = fits && column > 0 ? column + 1 + word.size() : word.size();
        lines += word;
    }
    return lines;
}

/// CLI11's help with our usage line and without its notes on types.
class HelpFormatter : public CLI::Formatter {
public:
    explicit HelpFormatter(const CommandSpec& spec) : spec_(spec) {
        column_width(help_indent);
        label("Positionals", "Arguments");
    }
    std::string make_usage(const CLI::App*, std::string) const override {
        return cat("\nUsage: ctl", spec_.name.empty() ? "" : " ", spec_.name, " ", usage(spec_), "\n");
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        return option->get_positional() || option->get_option_text().empty() ? "" : " " + option->get_option_text();
    }

private:
    const CommandSpec& spec_;
};

/// "-p,--publish" as CLI11 wants it.
std::string option_names(const OptionSpec& option) {
    std::string names;
    if (option.short_name != '\0') names += cat('-', option.short_name, ',');
    names += cat("--", option.long_name);
    if (!option.alias.empty()) names += cat(",--", option.alias);
    return names;
}

std::string option_help(const OptionSpec& option) {
    std::string help(option.help);
    if (!option.default_text.empty()) help += cat(" (default: ", option.default_text, ")");
    if (option.repeatable) help += " (may be repeated)";
    return wrapped(help, help_width - help_indent);
}

CLI::Option* add_option(CLI::App& app, const OptionSpec& option) {
    if (option.is_switch()) return app.add_flag(option_names(option))->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    CLI::Option* made = app.add_option(option_names(option), [](const CLI::results_t&) { return true; });
    made->option_text(std::string(option.value));
    made->multi_option_policy(option.repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    return made;
}

using OptionTable = std::vector<std::pair<const OptionSpec*, CLI::Option*>>;

OptionTable add_options(CLI::App& app, const CommandSpec& spec) {
    app.set_help_flag("");
    OptionTable made;
    for (const OptionSpec& option : spec.options) made.emplace_back(&option, add_option(app, option));
    OptionSpec help = help_option;
    if (has_short_help(spec.options)) help.short_name = 'h';
    made.emplace_back(&help_option, add_option(app, help));
    return made;
}

std::string help_command(const CommandSpec& spec) { return cat("ctl ", spec.name, spec.name.empty() ? "" : " ", "--help"); }

std::string prefix(const CommandSpec& spec) { return spec.name.empty() ? "" : cat(spec.name, ": "); }

/// `word` is an option that CLI11 did not know: "--foo=bar", "--foo", "-x".
[[noreturn]] void throw_unknown_option(const CommandSpec& spec, const std::string& word) {
    const bool is_long = word.starts_with("--");
    const std::string shown = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
    const std::string name = shown.substr(is_long ? 2 : 1);
    if (const std::string_view reason = refusal_reason(name); !reason.empty() && is_podman_option(spec.name, name))
        throw Error(prefix(spec), "option ", shown, " is not possible: ", reason);
    if ((is_long || name.size() == 1) && is_podman_option(spec.name, name))
        throw Error(prefix(spec), "option ", shown, " is not supported yet");
    std::vector<std::string_view> names{help_option.long_name};
    for (const OptionSpec& option : spec.options) {
        names.push_back(option.long_name);
        if (!option.alias.empty()) names.push_back(option.alias);
    }
    const std::string meant = is_long ? nearest(name, names) : "";
    throw Error(prefix(spec), "unknown option ", shown, "; ",
                meant.empty() ? cat("see ", help_command(spec)) : cat("did you mean --", meant, "?"));
}

/// "-a=false" as pflag reads it and CLI11 does not: "--archive=false". Only for switches; other words are left alone.
std::vector<std::string> spelled_out(const CommandSpec& spec, std::vector<std::string> words) {
    bool is_value = false; // of the option before
    for (std::string& word : words) {
        if (std::exchange(is_value, false)) continue;
        if (word == "--" || (!word.starts_with('-') && spec.ends_options_at_argument)) break;
        if (word.size() < 2 || !word.starts_with('-')) continue;
        const bool is_long = word[1] == '-';
        const OptionSpec* option = is_long ? find_option(spec, std::string_view(word).substr(2)) : find_option(spec, word.back());
        is_value = option != nullptr && !option->is_switch();
        if (is_long || word.size() < 4 || word[2] != '=') continue;
        option = find_option(spec, word[1]);
        is_value = false;
        if (option != nullptr && option->is_switch()) word = cat("--", option->long_name, word.substr(2));
    }
    return words;
}

/// Runs CLI11; the values go into `parsed`, the words that are no options come back.
std::vector<std::string> run_parser(const CommandSpec& spec, const std::vector<std::string>& typed, ParsedCommand& parsed) {
    const std::vector<std::string> words = spelled_out(spec, typed);
    CLI::App app;
    const OptionTable options = add_options(app, spec);
    app.allow_extras();
    app.prefix_command(spec.ends_options_at_argument);
    std::vector<std::string> reversed; // what CLI11 wants
    for (auto word = words.rbegin(); word != words.rend(); ++word)
        reversed.push_back(word->starts_with("--") && word->ends_with('=') ? *word + empty_value : *word);
    try {
        app.parse(reversed);
    } catch (const CLI::ArgumentMismatch&) { // values are not checked, so it can only miss one, at the end
        throw Error(prefix(spec), "option ", words.back(), " needs a value");
    } catch (const CLI::Error& e) {
        throw Error(prefix(spec), e.what());
    }
    for (const auto& [option, made] : options) {
        if (made->count() == 0) continue;
        std::vector<std::string>& values = parsed.values[std::string(option->long_name)];
        values = made->results();
        std::ranges::replace(values, std::string(1, empty_value), std::string());
    }
    std::vector<std::string> rest = app.remaining();
    for (std::string& word : rest)
        if (!word.empty() && word.back() == empty_value) word.pop_back();
    return rest;
}

/// What is left are arguments, unless an option that was not recognised is among them.
void take_arguments(ParsedCommand& parsed, const std::vector<std::string>& words) {
    const CommandSpec& spec = parsed.spec();
    bool options_ended = false;
    for (const std::string& word : words) {
        if (!options_ended && word == "--") {
            options_ended = true;
            continue;
        }
        if (!options_ended && word.size() > 1 && word.front() == '-') throw_unknown_option(spec, word);
        parsed.arguments.push_back(word);
        if (spec.ends_options_at_argument) options_ended = true;
    }
}

void check_argument_count(const ParsedCommand& parsed) {
    const CommandSpec& spec = parsed.spec();
    std::size_t given = parsed.arguments.size();
    for (const ArgumentSpec& argument : spec.arguments) {
        if (argument.required && given == 0)
            throw Error(prefix(spec), "missing argument ", argument.name, "; usage: ctl ", spec.name, " ", usage(spec));
        if (argument.repeatable) return;
        if (given > 0) --given;
    }
    if (given > 0)
        throw Error(prefix(spec), "too many arguments, from \"", parsed.arguments[parsed.arguments.size() - given],
                    "\" on; usage: ctl ", spec.name, " ", usage(spec));
}

} // namespace

const std::vector<std::string>* ParsedCommand::values_of(std::string_view option) const {
    const OptionSpec* known = find_option(*spec_, option);
    if (known == nullptr) throw std::logic_error(cat("ctl ", spec_->name, " does not describe --", option));
    const auto found = values.find(known->long_name);
    return found == values.end() || found->second.empty() ? nullptr : &found->second;
}

bool ParsedCommand::is_on(std::string_view option, bool fallback) const {
    const auto* given = values_of(option);
    if (given == nullptr) return fallback;
    static constexpr std::array on{"true", "1", "t", "T", "TRUE", "True"};
    static constexpr std::array off{"false", "0", "f", "F", "FALSE", "False"};
    if (std::ranges::find(on, given->back()) != on.end()) return true;
    if (std::ranges::find(off, given->back()) != off.end()) return false;
    throw Error(prefix(*spec_), "--", option, " is true or false, not \"", given->back(), "\"");
}

std::optional<std::string> ParsedCommand::find(std::string_view option) const {
    const auto* given = values_of(option);
    return given == nullptr ? std::nullopt : std::optional(given->back());
}

std::vector<std::string> ParsedCommand::list(std::string_view option) const {
    const auto* given = values_of(option);
    return given == nullptr ? std::vector<std::string>() : *given;
}

std::vector<std::string> ParsedCommand::list_split(std::string_view option) const {
    std::vector<std::string> parts;
    for (const std::string& value : list(option)) {
        std::size_t start = 0;
        for (std::size_t comma; (comma = value.find(',', start)) != std::string::npos; start = comma + 1)
            parts.push_back(value.substr(start, comma - start));
        parts.push_back(value.substr(start));
    }
    return parts;
}

ParsedCommand parse_command(const CommandSpec& spec, const std::vector<std::string>& words) {
    ParsedCommand parsed(spec);
    const std::vector<std::string> rest = run_parser(spec, words, parsed);
    if (parsed.is_on("help")) return parsed;
    take_arguments(parsed, rest);
    check_argument_count(parsed);
    return parsed;
}

std::string help_text(const CommandSpec& spec) {
    CLI::App app(wrapped(spec.description, help_width));
    app.formatter(std::make_shared<HelpFormatter>(spec));
    for (const ArgumentSpec& argument : spec.arguments)
        app.add_option(std::string(argument.name), [](const CLI::results_t&) { return true; },
                       wrapped(argument.help, help_width - help_indent));
    for (const auto& [option, made] : add_options(app, spec)) made->description(option_help(*option));
    const auto list = [&](std::string_view name, const CommandSpec& command) {
        app.add_subcommand(std::string(name), std::string(command.brief))->group(std::string(command.group));
    };
    if (&spec == &program_spec)
        for (const CommandSpec* command : commands())
            if (command->name.find(' ') == std::string_view::npos) list(command->name, *command);
    if (spec.is_group)
        for (const GroupMember& member : members_of(spec)) list(member.word, *member.command);
    return app.help();
}

void throw_unknown_command(const std::string& name) {
    if (const std::string_view reason = needless_reason(name); !reason.empty()) throw Error("the command ", name, " is not there, for there is nothing to do: ", reason);
    if (is_podman_command(name)) throw Error("the command ", name, " is not supported yet");
    std::vector<std::string_view> names;
    for (const CommandSpec* command : commands())
        for (const std::string_view known : names_of(*command)) names.push_back(known);
    const std::string meant = nearest(name, names);
    throw Error("unknown command ", name, meant.empty() ? "; see ctl --help" : cat("; did you mean ", meant, "?"));
}

} // namespace cli
