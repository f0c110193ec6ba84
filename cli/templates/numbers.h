// Numbers and characters as Go's source text has them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>

namespace cli::templates {

/// 12, 0x1F, 0b101, 0o17, 1_000, 1.5, 1e3, -2: an integer, or a floating point number. Throws Error.
nlohmann::json parse_number(const std::string& text, std::size_t offset);

/// What stands between two ': one character, whose number is the value. Throws Error.
nlohmann::json parse_character(const std::string& text, std::size_t offset);

} // namespace cli::templates
