// The functions that make texts, printf excepted.
#include "cli/templates/function_table.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace cli::templates {
namespace {

using nlohmann::json;

bool is_word(unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; }

/// The arguments as Go's Sprint has them: a blank between two of which neither is a text.
std::string printed(std::span<const Value> values) {
    std::string out;
    bool was_text = true;
    for (const Value& value : values) {
        const bool is_text = value.data().is_string();
        if (!was_text && !is_text) out += ' ';
        out += value.printed();
        was_text = is_text;
    }
    return out;
}

/// The text of a call with each byte replaced.
template <class F>
Value replaced(const Call& call, F replace) {
    std::string out;
    for (const char c : printed(call.arguments)) out += replace(static_cast<unsigned char>(c));
    return Value::own(out);
}

std::string hex(std::string_view prefix, unsigned char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    return std::string(prefix) + digits[byte >> 4] + digits[byte & 15];
}

/// ASCII letters only: the others would take tables that a container tool has no use for.
template <class F>
Value mapped(const Call& call, F map) {
    std::string text = call.text(0);
    for (char& c : text)
        if ((c & 0x80) == 0) c = static_cast<char>(map(static_cast<unsigned char>(c)));
    return call[0].derived(text);
}

std::size_t whole_from_zero(const Call& call, std::size_t i) {
    const long number = call.whole(i);
    if (number < 0 || number > 10'000) fail(call.offset, call.name, ": ", number, " is not a length from 0 to 10000");
    return static_cast<std::size_t>(number);
}

} // namespace

Value fn_print(const Call& call) { return Value::own(printed(call.arguments)); }

Value fn_println(const Call& call) {
    std::string line;
    for (const Value& value : call.arguments) line += (line.empty() && &value == call.arguments.data() ? "" : " ") + value.printed();
    return Value::own(line + "\n");
}

Value fn_html(const Call& call) {
    return replaced(call, [](unsigned char c) -> std::string {
        switch (c) {
        case '"': return "&#34;";
        case '\'': return "&#39;";
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '\0': return "\xef\xbf\xbd";
        default: return {static_cast<char>(c)};
        }
    });
}

Value fn_js(const Call& call) {
    return replaced(call, [](unsigned char c) -> std::string {
        if (c == '\\' || c == '\'' || c == '"') return {'\\', static_cast<char>(c)};
        if (c < ' ' || c == '<' || c == '>' || c == '&' || c == '=') return hex("\\u00", c);
        return {static_cast<char>(c)};
    });
}

Value fn_urlquery(const Call& call) {
    return replaced(call, [](unsigned char c) -> std::string {
        if (c == ' ') return "+";
        const bool plain = (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '_' || c == '.' || c == '~';
        return plain ? std::string{static_cast<char>(c)} : hex("%", c);
    });
}

Value fn_json(const Call& call) {
    // Everything beyond ASCII as \uNNNN: one line, and nothing in it that a terminal acts on.
    return Value::own(call[0].data().dump(-1, ' ', true, json::error_handler_t::replace));
}

Value fn_join(const Call& call) {
    const json& list = call[0].data();
    if (!list.is_array() && !list.is_null()) call.refuse(0, "a list");
    (void)call.text(1); // refuses what is no text
    const std::string separator = call[1].harmless_text();
    std::string out;
    for (const json& item : list) {
        if (&item != &list.front()) out += separator;
        out += call[0].part(item).printed();
    }
    return Value::own(out);
}

Value fn_split(const Call& call) {
    std::string_view text = call.text(0);
    const std::string& separator = call.text(1);
    json list = json::array();
    if (separator.empty()) {
        for (const char c : text) list.push_back(std::string(1, c));
        return call[0].derived(list);
    }
    for (auto at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
        list.push_back(text.substr(0, at));
        text.remove_prefix(at + separator.size());
    }
    list.push_back(text);
    return call[0].derived(list);
}

Value fn_lower(const Call& call) { return mapped(call, ::tolower); }
Value fn_upper(const Call& call) { return mapped(call, ::toupper); }

Value fn_title(const Call& call) {
    return mapped(call, [inside = false](unsigned char c) mutable {
        const int mapped = inside ? c : std::toupper(c);
        inside = is_word(c);
        return mapped;
    });
}

/// Blanks before and behind a text that is not empty.
Value fn_pad(const Call& call) {
    const std::string& text = call.text(0);
    const std::string before(whole_from_zero(call, 1), ' '), behind(whole_from_zero(call, 2), ' ');
    return call[0].derived(text.empty() ? text : before + text + behind);
}

/// At most so many bytes, cut between characters.
Value fn_truncate(const Call& call) {
    const std::string& text = call.text(0);
    std::size_t length = std::min(whole_from_zero(call, 1), text.size());
    while (length > 0 && length < text.size() && (text[length] & 0xc0) == 0x80) --length;
    return call[0].derived(text.substr(0, length));
}

} // namespace cli::templates
