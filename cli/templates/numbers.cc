// Numbers, see cli/templates/numbers.h.
#include "cli/templates/numbers.h"

#include "cli/output.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdint>
#include <limits>

namespace cli::templates {
namespace {

using nlohmann::json;

/// Takes "0x" and the like off; "017" is octal too.
int take_base(std::string_view& digits) {
    if (digits.size() < 2 || digits.front() != '0') return 10;
    const char letter = static_cast<char>(digits[1] | 0x20);
    const int base = letter == 'x' ? 16 : letter == 'b' ? 2 : letter == 'o' ? 8 : 0;
    digits.remove_prefix(base != 0 ? 2 : 1);
    return base != 0 ? base : 8;
}

bool read_whole(std::string_view digits, bool negative, json& value) {
    const int base = take_base(digits);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
    value = negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
    return true;
}

bool read_fraction(std::string_view digits, bool negative, json& value) {
    const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
    if (hexadecimal) digits.remove_prefix(2);
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                              hexadecimal ? std::chars_format::hex : std::chars_format::general);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
    value = negative ? -number : number;
    return true;
}

} // namespace

json parse_number(const std::string& text, std::size_t offset) {
    std::string digits = text;
    std::erase(digits, '_');
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.erase(0, 1);
    json value;
    if (read_whole(digits, negative, value) || read_fraction(digits, negative, value)) return value;
    fail(offset, "\"", escaped(text), "\" is not a number");
}

json parse_character(const std::string& text, std::size_t offset) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = text.empty() ? 0 : byte(0) < 0x80 ? 1 : byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (text.empty() || text.size() != length) fail(offset, "a character is one between two '");
    std::int64_t code = length == 1 ? byte(0) : byte(0) & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3f);
    return code;
}

} // namespace cli::templates
