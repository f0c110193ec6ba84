// Values of options, see cli/values.h.
#include "cli/values.h"

#include "base/error.h"
#include "cli/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace cli {
namespace {

/// The number at the start of `text`, which is cut off; nothing when there is none. No sign, no exponent, no "inf".
std::optional<double> take_decimal(std::string_view& text) {
    if (text.empty() || (text.front() != '.' && (text.front() < '0' || text.front() > '9'))) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// 1024 to the power that the unit stands for.
std::optional<double> unit_factor(std::string_view unit) {
    constexpr std::string_view units = "bkmgtp";
    if (unit.empty()) return 1;
    const auto power = units.find(static_cast<char>(std::tolower(static_cast<unsigned char>(unit.front()))));
    std::string rest;
    for (const char c : unit.substr(1)) rest += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (power == std::string_view::npos || (!rest.empty() && (power == 0 || (rest != "b" && rest != "ib")))) return std::nullopt;
    return std::pow(1024, static_cast<double>(power));
}

} // namespace

std::int64_t parse_size(std::string_view option, const std::string& text) {
    std::string_view rest = text;
    const auto number = take_decimal(rest);
    while (number && rest.starts_with(' ')) rest.remove_prefix(1);
    const auto factor = number ? unit_factor(rest) : std::nullopt;
    if (!factor) throw Error("--", option, ": \"", text, "\" is not a size; write for example 512m or 1g");
    const double bytes = *number * *factor;
    if (bytes >= static_cast<double>(std::numeric_limits<std::int64_t>::max()))
        throw Error("--", option, ": \"", text, "\" is more than any machine has");
    return static_cast<std::int64_t>(bytes);
}

std::int64_t parse_integer(std::string_view option, const std::string& text, std::int64_t least) {
    std::int64_t value = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc() || end != last || text.empty() || value < least)
        throw Error("--", option, ": \"", text, "\" is not a whole number from ", least, " on");
    return value;
}

double parse_decimal(std::string_view option, const std::string& text) {
    std::string_view rest = text;
    const auto value = take_decimal(rest);
    if (!value || !rest.empty()) throw Error("--", option, ": \"", text, "\" is not a number such as 0.5");
    return *value;
}

std::vector<int> preserved_fds(const ParsedCommand& command) {
    constexpr std::int64_t most = 1024; // more than anybody passes on, and far from where a list of them would hurt
    std::vector<int> fds;
    const std::int64_t count = parse_integer("preserve-fds", command.find("preserve-fds").value_or("0"), 0);
    if (count > most) throw Error("--preserve-fds ", count, ": more than ", most, " cannot be kept");
    for (std::int64_t i = 0; i < count; ++i) fds.push_back(static_cast<int>(3 + i));
    for (const std::string& text : command.list_split("preserve-fd")) {
        const std::int64_t fd = parse_integer("preserve-fd", text, 0);
        if (fd > std::numeric_limits<int>::max()) throw Error("--preserve-fd ", text, ": no descriptor has that number");
        fds.push_back(static_cast<int>(fd));
    }
    return fds;
}

std::chrono::milliseconds parse_duration(std::string_view option, const std::string& text) {
    constexpr std::pair<std::string_view, double> units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    std::string_view rest = text;
    double sum = 0;
    bool sound = !text.empty();
    while (sound && !rest.empty()) {
        const auto number = take_decimal(rest);
        const auto unit = std::ranges::find_if(units, [&](const auto& u) { return rest.starts_with(u.first); });
        if (number && rest.empty() && sum == 0) return std::chrono::milliseconds(parse_integer(option, text, 1));
        sound = number && unit != std::end(units);
        if (!sound) break;
        sum += *number * unit->second;
        rest.remove_prefix(unit->first.size());
    }
    constexpr double day = 24 * 3'600'000.0;
    if (!sound || sum < 1) throw Error("--", option, ": \"", text, "\" is not a time such as 250ms or 2s");
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(sum, day)));
}

std::chrono::seconds parse_seconds(std::string_view option, const std::string& text) {
    // A century is more than anybody waits, and far from where adding to a point of time would overflow.
    constexpr std::int64_t century = 100LL * 365 * 86400;
    const std::int64_t value = parse_integer(option, text, 0);
    return std::chrono::seconds(std::min(value, century));
}

} // namespace cli
