// Makes ctl's man pages from the description of the commands (cli/spec.h): examples first, then what it does, then every
// option. Runs at build time.
//
// usage: man_pages OUTPUT_DIR    writes ctl.1 and ctl-<command>.1
#include "base/version.h"
#include "cli/spec.h"

#include <fstream>
#include <iostream>
#include <string>

namespace {

using namespace cli;

/// Text to be copied and typed, for roff: the characters that it would replace by typographic ones as they are.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') out += "\\e";
        else if (c == '-') out += "\\-";
        else if (c == '\'') out += "\\(aq";
        else if (c == '~') out += "\\(ti";
        else if (c == '^') out += "\\(ha";
        else out += c;
    }
    return out.starts_with('.') ? "\\&" + out : out; // not a request
}

/// Prose: hyphens stay hyphens, except those that begin an option; a word in backquotes becomes bold.
std::string prose(std::string_view text) {
    std::string out;
    bool quoted = false;
    char previous = ' ';
    for (const char c : text) {
        if (c == '`') {
            out += quoted ? "\\fR" : "\\fB";
            quoted = !quoted;
        } else if (c == '-' && (quoted || previous == ' ' || previous == '-' || previous == '\n')) out += "\\-";
        else if (c == '\\') out += "\\e";
        else if ((c == '.' || c == '\'') && previous == '\n') out += std::string("\\&") + c;
        else out += c;
        previous = c;
    }
    return out;
}

std::string paragraphs(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto end = text.find("\n\n");
        out += ".PP\n" + prose(text.substr(0, end)) + "\n";
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return out;
}

std::string page_name(const CommandSpec& command) {
    std::string name = command.name.empty() ? "ctl" : "ctl-" + std::string(command.name);
    for (char& c : name) c = c == ' ' ? '-' : c;
    return name;
}

std::string invocation(const CommandSpec& command) {
    return command.name.empty() ? "ctl" : "ctl " + std::string(command.name);
}

std::string examples(const CommandSpec& command) {
    std::string out = ".SH EXAMPLES\n";
    for (const ExampleSpec& example : command.examples)
        out += ".PP\n" + prose(example.says) + "\n.PP\n.RS 4\n.nf\n\\fB" + roff(example.line) + "\\fR\n.fi\n.RE\n";
    return out;
}

std::string option_entry(const OptionSpec& option, char short_name) {
    std::string out = ".TP\n";
    if (short_name != '\0') out += std::string("\\fB\\-") + short_name + "\\fR, ";
    out += "\\fB" + roff("--" + std::string(option.long_name)) + "\\fR";
    if (!option.alias.empty()) out += ", \\fB" + roff("--" + std::string(option.alias)) + "\\fR";
    if (!option.is_switch()) out += " \\fI" + roff(option.value) + "\\fR";
    out += "\n" + prose(option.help) + ".";
    if (!option.default_text.empty()) out += "\nDefault: " + prose(option.default_text) + ".";
    if (option.repeatable) out += "\nMay be given several times.";
    return out + "\n";
}

std::string options(const CommandSpec& command) {
    std::string out = ".SH OPTIONS\n";
    for (const OptionSpec& option : command.options) out += option_entry(option, option.short_name);
    return out + option_entry(help_option, has_short_help(command.options) ? 'h' : '\0');
}

std::string arguments(const CommandSpec& command) {
    if (command.arguments.empty()) return {};
    std::string out = ".SH ARGUMENTS\n";
    for (const ArgumentSpec& argument : command.arguments)
        out += ".TP\n\\fI" + roff(argument.name) + "\\fR\n" + prose(argument.help) + ".\n";
    return out;
}

/// The commands of ctl by their pages, those of a group by their words in it.
std::string command_list(const CommandSpec& command) {
    std::string out = ".SH COMMANDS\n";
    if (command.name.empty())
        for (const CommandSpec* listed : commands())
            out += ".TP\n\\fB" + roff(page_name(*listed)) + "\\fR(1)\n" + prose(listed->brief) + ".\n";
    for (const GroupMember& member : members_of(command))
        out += ".TP\n\\fB" + roff(member.word) + "\\fR\n" + prose(member.command->brief) + "; see \\fB"
               + roff(page_name(*member.command)) + "\\fR(1).\n";
    return out;
}

/// The names that do the same.
std::string other_names(const CommandSpec& command) {
    std::string out;
    for (const std::string_view name : names_of(command))
        if (name != command.name) out += (out.empty() ? "" : "\n.br\n") + ("\\fBctl " + roff(name) + "\\fR");
    return out.empty() ? out : ".SH OTHER NAMES\n" + out + "\n";
}

/// What only the page of ctl itself has.
std::string program_sections() {
    return ".SH EXIT STATUS\n"
           "0, or what the command's own page says. 125 when ctl itself failed: an unknown option, a missing image, a full disk.\n"
           "\\fBctl run\\fR and \\fBctl exec\\fR also have 126 (the command cannot be executed), 127 (it was not found), and 128\n"
           "and the number of the signal that ended it.\n"
           ".SH ENVIRONMENT\n"
           ".TP\n\\fBCTL_SINGLE_ID\\fR\n1 does the same as \\fB\\-\\-single\\-id\\fR.\n"
           ".TP\n\\fBCTL_ROOT\\fR, \\fBCTL_RUNROOT\\fR, \\fBCTL_STORAGE_DRIVER\\fR\nThe same as \\fB\\-\\-root\\fR, \\fB\\-\\-runroot\\fR and "
           "\\fB\\-\\-storage\\-driver\\fR.\n"
           ".TP\n\\fBXDG_DATA_HOME\\fR\nWhere images, containers and volumes are kept, in its directory \\fIctl\\fR.\n"
           "Default: \\fI\\(ti/.local/share\\fR.\n"
           ".TP\n\\fBXDG_RUNTIME_DIR\\fR\nWhere the state of running containers is kept, in its directory \\fIctl\\fR.\n"
           ".SH FILES\n"
           ".TP\n\\fI/etc/subuid\\fR, \\fI/etc/subgid\\fR\nThe subordinate ids of each user.\n";
}

std::string see_also(const CommandSpec& command) {
    if (!command.name.empty()) return ".SH SEE ALSO\n\\fBctl\\fR(1)\n";
    return ".SH SEE ALSO\n\\fBsubuid\\fR(5), \\fBuser_namespaces\\fR(7)\n";
}

std::string page(const CommandSpec& command) {
    std::string title = page_name(command);
    for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    std::string out = ".\\\" Made from cli/spec_*.cc: change those.\n";
    out += ".TH " + roff(title) + " 1 \"\" \"ctl " + std::string(ctl_version) + "\" \"ctl\"\n";
    out += ".nh\n.ad l\n"; // options and names are not to be hyphenated
    out += ".SH NAME\n" + roff(page_name(command)) + " \\- " + prose(command.brief) + "\n";
    out += ".SH SYNOPSIS\n\\fB" + roff(invocation(command)) + "\\fR " + roff(usage(command)) + "\n";
    out += examples(command);
    out += ".SH DESCRIPTION\n" + paragraphs(command.description);
    out += arguments(command) + options(command) + other_names(command);
    if (command.name.empty() || command.is_group) out += command_list(command);
    if (command.name.empty()) out += program_sections();
    return out + see_also(command);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: man_pages OUTPUT_DIR\n";
        return 1;
    }
    const auto write = [&](const CommandSpec& command) {
        std::ofstream file(std::string(argv[1]) + "/" + page_name(command) + ".1", std::ios::trunc);
        file << page(command);
        file.close();
        return !file.fail();
    };
    bool written = write(program_spec);
    for (const CommandSpec* command : commands()) written = write(*command) && written;
    if (!written) std::cerr << "man_pages: cannot write to " << argv[1] << "\n";
    return written ? 0 : 1;
}
