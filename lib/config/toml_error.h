// Where and why toml11 refuses a file, in one line. Included behind <toml.hpp>, whose home is the .cc files of this folder.
#pragma once

#include <cstddef>
#include <string>

namespace lib::config {

/// toml11 3 (Debian 12) and 4 (Debian 13) have other names for the same things.
template <class Location>
std::size_t line_of(const Location& location) {
    if constexpr (requires { location.first_line_number(); }) return location.first_line_number();
    else return location.line();
}
template <class SyntaxError>
std::size_t line_of_error(const SyntaxError& error) {
    if constexpr (requires { error.location(); }) return line_of(error.location());
    else return line_of(error.errors().front().locations().front().first);
}

/// toml11's messages are drawings of several lines that begin with "[error] toml::function: ".
inline std::string first_words(const std::string& message) {
    std::string line = message.substr(0, message.find('\n'));
    if (line.starts_with("[error] ")) {
        const auto colon = line.find(": ");
        line.erase(0, colon != std::string::npos ? colon + 2 : 8);
    }
    while (line.ends_with('.')) line.pop_back();
    return line;
}

} // namespace lib::config
