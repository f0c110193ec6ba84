// Printing, see cli/output.h.
#include "cli/output.h"

#include "base/error.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

namespace cli {
namespace {

/// One code point of UTF-8: its length, 0 where the bytes are none, and its value.
struct CodePoint {
    std::size_t length;
    char32_t value;
};

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {1, first};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return {0, 0};
    char32_t value = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {0, 0};
        value = value << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[length] || value > 0x10ffff || surrogate) return {0, 0};
    return {length, value};
}

/// Whether a terminal could act on it, or a reader be misled by it.
bool is_harmful(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f)                              // C0, DEL, C1
           || c == 0x61c || c == 0x200e || c == 0x200f                        // marks of direction
           || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)    // embeddings, overrides, isolates
           || c == 0x2028 || c == 0x2029;                                     // line and paragraph separators
}

/// `prefix` and the value in hexadecimal, of at least `digits` digits.
std::string hex(std::string_view prefix, int digits, char32_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%0*x", digits, static_cast<unsigned>(value));
    return cat(prefix, text.data());
}

std::string shown(CodePoint c) {
    if (c.value == '\n') return "\\n";
    if (c.value == '\t') return "\\t";
    return c.value < 0x80 ? hex("\\x", 2, c.value) : hex("\\u{", 4, c.value) + "}";
}

/// Columns of a cell on a terminal: one for each code point, which is right for all but wide and combining ones.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void append_row(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        out += cells[i];
        if (i + 1 < cells.size()) out.append(widths[i] - columns(cells[i]) + 2, ' ');
    }
    out += '\n';
}

} // namespace

void print(std::string_view text) {
    try {
        sys::write_all(STDOUT_FILENO, text, "standard output");
    } catch (const SysError& e) {
        if (e.err() == EPIPE) throw OutputClosed();
        throw;
    }
}

void print_notice(std::string_view text) {
    const std::string line = cat(text, "\n");
    for (std::string_view rest = line; !rest.empty();) {
        const ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint c = decode(text);
        const std::size_t length = std::max<std::size_t>(c.length, 1);
        if (c.length == 0) out += hex("\\x", 2, static_cast<unsigned char>(text.front()));
        else if (is_harmful(c.value)) out += shown(c);
        else out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

std::string go_time(std::int64_t time_ns) {
    const std::time_t seconds = time_ns / 1'000'000'000;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 64> day{}, zone{}, fraction{};
    std::strftime(day.data(), day.size(), "%Y-%m-%d %H:%M:%S", &local);
    std::strftime(zone.data(), zone.size(), "%z %Z", &local);
    std::snprintf(fraction.data(), fraction.size(), ".%09d", static_cast<int>(time_ns % 1'000'000'000));
    std::string decimals = fraction.data();
    decimals.erase(decimals.find_last_not_of("0.") + 1);
    return cat(day.data(), decimals, " ", zone.data());
}

std::string human_duration(std::int64_t seconds) {
    const std::int64_t minutes = seconds / 60;
    const std::int64_t hours = (seconds + 1800) / 3600; // rounded
    const std::int64_t days = hours / 24;
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return cat(seconds, " seconds");
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return cat(minutes, " minutes");
    if (hours == 1) return "About an hour";
    if (hours < 48) return cat(hours, " hours");
    if (days < 14) return cat(days, " days");
    if (days < 60) return cat(days / 7, " weeks");
    if (days < 730) return cat(days / 30, " months");
    return cat(days / 365, " years");
}

std::string human_ago(std::int64_t time_ns, std::int64_t now_ns) {
    return human_duration((now_ns - time_ns) / 1'000'000'000) + " ago";
}

std::string short_id(std::string_view id) { return std::string(id.substr(0, 12)); }

std::string json_text(const nlohmann::json& document) {
    // dump() escapes C0 itself; what it leaves to escape stands inside of strings, where JSON has \uNNNN for it.
    const std::string dumped = document.dump(4, ' ', false, nlohmann::json::error_handler_t::replace);
    std::string out;
    out.reserve(dumped.size() + 1);
    for (std::string_view rest = dumped; !rest.empty();) {
        const CodePoint c = decode(rest);
        if (c.value != '\n' && is_harmful(c.value)) out += hex("\\u", 4, c.value);
        else out += rest.substr(0, c.length);
        rest.remove_prefix(c.length);
    }
    out += '\n';
    return out;
}

void Table::add(std::vector<std::string> cells) {
    for (std::string& cell : cells) cell = escaped(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    const auto widen = [&](const std::vector<std::string>& cells) {
        widths.resize(std::max(widths.size(), cells.size()));
        for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], columns(cells[i]));
    };
    widen(headings_);
    for (const auto& row : rows_) widen(row);
    std::string out;
    if (!headings_.empty()) append_row(out, headings_, widths);
    for (const auto& row : rows_) append_row(out, row, widths);
    return out;
}

} // namespace cli
