// `-e` and `--env-file`, see lib/env_file.h.
#include "lib/env_file.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <algorithm>

namespace lib {
namespace {

using oci::printable;

void check_name(std::string_view name, std::string_view option) {
    if (name.empty()) throw Error("environment \"", printable(option), "\": the name is missing");
    const auto is_odd = [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; };
    if (std::ranges::any_of(name, is_odd))
        throw Error("environment \"", printable(option), "\": a name has no white space and no control characters");
}

void take_from_host(Environment& environment, std::string_view name, const Environment& host) {
    if (const auto found = host.find(name); found != host.end()) environment.insert_or_assign(found->first, found->second);
}

/// Sorted by name, all that begin with a prefix are neighbours.
void take_prefix_from_host(Environment& environment, std::string_view prefix, const Environment& host) {
    for (auto at = host.lower_bound(prefix); at != host.end() && at->first.starts_with(prefix); ++at)
        environment.insert_or_assign(at->first, at->second);
}

} // namespace

Environment parse_environment(const std::vector<std::string>& strings) {
    Environment environment;
    for (const std::string& text : strings) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        environment.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

std::vector<std::string> environment_strings(const Environment& environment) {
    std::vector<std::string> strings;
    for (const auto& [name, value] : environment) strings.push_back(name + "=" + value);
    return strings;
}

void apply_env_option(Environment& environment, std::string_view option, const Environment& host) {
    if (option.find('\0') != std::string_view::npos) throw Error("environment \"", printable(option), "\": holds a NUL");
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    if (equals == std::string_view::npos && name == "*") { // everything of the caller's
        take_prefix_from_host(environment, "", host);
        return;
    }
    check_name(name, option);
    if (equals != std::string_view::npos) environment.insert_or_assign(std::string(name), std::string(option.substr(equals + 1)));
    else if (name.ends_with('*')) take_prefix_from_host(environment, name.substr(0, name.size() - 1), host);
    else take_from_host(environment, name, host);
}

void apply_env_file(Environment& environment, std::string_view text, std::string_view file, const Environment& host) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        if (line.empty() || line.starts_with('#')) continue;
        try {
            apply_env_option(environment, line, host);
        } catch (Error& e) {
            e.add_context(cat(file, " line ", number));
            throw;
        }
    }
}

} // namespace lib
