// Writes the completion scripts; runs at build time.
//
// usage: completions OUTPUT_DIR    writes ctl.bash, _ctl (zsh) and ctl.fish
#include "completions/scripts.h"

#include <fstream>
#include <iostream>

namespace completions {

std::vector<std::string> spellings(const cli::OptionSpec& option) {
    std::vector<std::string> all;
    if (option.short_name != '\0') all.push_back(std::string("-") + option.short_name);
    all.push_back("--" + std::string(option.long_name));
    if (!option.alias.empty()) all.push_back("--" + std::string(option.alias));
    return all;
}

std::vector<cli::OptionSpec> options_with_help(const cli::CommandSpec& command) {
    std::vector<cli::OptionSpec> all(command.options.begin(), command.options.end());
    all.push_back(cli::help_option);
    if (cli::has_short_help(command.options)) all.back().short_name = 'h';
    return all;
}

std::string_view dynamic_kind(cli::Completes completes) {
    switch (completes) {
    case cli::Completes::containers: return "containers";
    case cli::Completes::running_containers: return "running";
    case cli::Completes::images: return "images";
    case cli::Completes::artifacts: return "artifacts";
    case cli::Completes::objects: return "objects";
    case cli::Completes::nothing:
    case cli::Completes::files:
    case cli::Completes::words: break;
    }
    return {};
}

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string joined_name(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = c == ' ' ? '_' : c;
    return out;
}

std::string one_line(std::string_view help) {
    std::string out(help);
    for (char& c : out) c = c == '\n' ? ' ' : c;
    return out;
}

} // namespace completions

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: completions OUTPUT_DIR\n";
        return 1;
    }
    const auto write = [&](const char* name, const std::string& script) {
        std::ofstream file(std::string(argv[1]) + "/" + name, std::ios::trunc);
        file << script;
        file.close();
        if (file.fail()) std::cerr << "completions: cannot write " << argv[1] << "/" << name << "\n";
        return !file.fail();
    };
    const bool written = write("ctl.bash", completions::bash_script()) && write("_ctl", completions::zsh_script())
                         && write("ctl.fish", completions::fish_script());
    return written ? 0 : 1;
}
