// printf, with the verbs, flags, widths and precisions of Go's fmt. What does not fit is told in the text, as there:
// "%!d(string=x)", "%!d(MISSING)", "%!(EXTRA int=1)".
#include "cli/output.h"
#include "cli/templates/function_table.h"
#include "cli/templates/lexer.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace cli::templates {
namespace {

using nlohmann::json;

constexpr std::size_t widest = 1000; ///< a million blanks are a mistake

/// One "%-08.3f".
struct Verb {
    bool minus = false, plus = false, sharp = false, blank = false, zero = false;
    std::optional<std::size_t> width;
    std::optional<std::size_t> precision;
    char letter = '\0';
};

std::string bad(char letter, const Value& value) {
    const bool nothing = value.data().is_null();
    return cat("%!", letter, "(", nothing ? "<nil>" : cat(value.go_type(), "=", value.printed()), ")");
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const Verb& verb, std::string text) {
    const std::size_t length = code_points(text);
    if (!verb.width || *verb.width <= length) return text;
    const std::size_t missing = *verb.width - length;
    if (verb.minus) return text + std::string(missing, ' ');
    const bool number = !text.empty() && verb.letter != 's' && verb.letter != 'v' && verb.letter != 'q';
    const bool sign = number && (text.front() == '-' || text.front() == '+');
    if (verb.zero && sign) return text.insert(1, missing, '0');
    return std::string(missing, verb.zero ? '0' : ' ') + text;
}

/// The first characters of a text.
std::string shortened(const Verb& verb, const std::string& text) {
    if (!verb.precision) return text;
    std::size_t left = *verb.precision, end = 0;
    for (; end < text.size(); ++end)
        if ((text[end] & 0xc0) != 0x80 && left-- == 0) break;
    return text.substr(0, end);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c == '\n' || c == '\t' ? escaped({&c, 1}) : std::string(1, c);
    }
    return escaped(out + "\"");
}

std::string hex_bytes(const std::string& text, bool upper) {
    std::string out;
    const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

std::string signed_text(const Verb& verb, const std::string& digits, bool negative) {
    return (negative ? "-" : verb.plus ? "+" : verb.blank ? " " : "") + digits;
}

std::string in_base(const Verb& verb, std::int64_t number, int base, std::string_view prefix) {
    std::array<char, 72> text{};
    const std::uint64_t size = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    auto end = std::to_chars(text.data(), text.data() + text.size(), size, base).ptr;
    if (verb.letter == 'X') std::transform(text.data(), end, text.data(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    std::string digits(text.data(), end);
    if (verb.precision && digits.size() < *verb.precision) digits.insert(0, *verb.precision - digits.size(), '0');
    if (verb.sharp || verb.letter == 'O') digits.insert(0, prefix);
    return signed_text(verb, digits, number < 0);
}

std::string formatted_whole(const Verb& verb, const Value& value) {
    const auto number = value.data().get<std::int64_t>();
    switch (verb.letter) {
    case 'd': return in_base(verb, number, 10, "");
    case 'b': return in_base(verb, number, 2, "0b");
    case 'o': return in_base(verb, number, 8, "0");
    case 'O': return in_base(verb, number, 8, "0o");
    case 'x': return in_base(verb, number, 16, "0x");
    case 'X': return in_base(verb, number, 16, "0X");
    case 'c': return escaped(utf8(static_cast<char32_t>(number)));
    case 'q': return "'" + escaped(utf8(static_cast<char32_t>(number))) + "'";
    case 'U': {
        Verb four = verb;
        four.letter = 'X';
        four.precision = std::max<std::size_t>(4, verb.precision.value_or(4));
        return "U+" + in_base(four, number, 16, "");
    }
    default: return bad(verb.letter, value);
    }
}

std::string formatted_fraction(const Verb& verb, const Value& value) {
    const double number = value.data().get<double>();
    const char letter = static_cast<char>(verb.letter | 0x20);
    if (letter == 'g' && !verb.precision) return signed_text(verb, float_text(std::abs(number)), number < 0);
    const auto format = letter == 'e' ? std::chars_format::scientific : letter == 'f' ? std::chars_format::fixed : std::chars_format::general;
    std::array<char, 1400> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(number), format,
                                   static_cast<int>(verb.precision.value_or(6))).ptr;
    return signed_text(verb, {text.data(), end}, number < 0);
}

std::string formatted_text(const Verb& verb, const Value& value) {
    switch (verb.letter) {
    case 's': return shortened(verb, value.printed());
    case 'q': return quoted(shortened(verb, value.data().get_ref<const std::string&>()));
    case 'x': return hex_bytes(value.data().get_ref<const std::string&>(), false);
    case 'X': return hex_bytes(value.data().get_ref<const std::string&>(), true);
    default: return bad(verb.letter, value);
    }
}

std::string formatted(const Verb& verb, const Value& value);

/// Lists and maps: the verb is for their elements.
std::string formatted_elements(const Verb& verb, const Value& value) {
    std::string out = value.data().is_array() ? "[" : "map[";
    for (auto item = value.data().begin(); item != value.data().end(); ++item) {
        if (item != value.data().begin()) out += ' ';
        if (value.data().is_object()) out += formatted(verb, value.derived(item.key())) + ":";
        out += formatted(verb, value.part(*item));
    }
    return out + "]";
}

/// %#v: as Go's source text has it.
std::string source_text(const Value& value) {
    const json& data = value.data();
    if (data.is_string()) return quoted(data.get_ref<const std::string&>());
    if (!data.is_structured()) return value.printed();
    std::string out = value.go_type() + "{";
    for (auto item = data.begin(); item != data.end(); ++item) {
        if (item != data.begin()) out += ", ";
        if (data.is_object()) out += quoted(item.key()) + ":";
        out += source_text(value.part(*item));
    }
    return out + "}";
}

std::string formatted(const Verb& verb, const Value& value) {
    const json& data = value.data();
    constexpr std::string_view for_fractions = "eEfFgG";
    if (verb.letter == 'T') return padded(verb, value.go_type());
    if (verb.letter == 'v') return padded(verb, verb.sharp ? source_text(value) : shortened(verb, value.printed()));
    if (data.is_null()) return bad(verb.letter, value);
    if (data.is_structured()) return formatted_elements(verb, value);
    if (data.is_string()) return padded(verb, formatted_text(verb, value));
    if (data.is_boolean()) return verb.letter == 't' ? padded(verb, value.printed()) : bad(verb.letter, value);
    if (!data.is_number_float()) return padded(verb, formatted_whole(verb, value));
    return for_fractions.find(verb.letter) == std::string_view::npos ? bad(verb.letter, value) : padded(verb, formatted_fraction(verb, value));
}

class Printer {
public:
    explicit Printer(const Call& call) : call_(call), rest_(call.text(0)) {}

    std::string run() {
        std::string out;
        while (!rest_.empty()) {
            const auto percent = std::min(rest_.find('%'), rest_.size());
            out += call_[0].derived(rest_.substr(0, percent)).harmless_text();
            rest_.remove_prefix(percent);
            if (!rest_.empty()) out += take_verb();
        }
        return out + extra();
    }

private:
    std::string take_verb() {
        rest_.remove_prefix(1); // %
        Verb verb;
        take_flags(verb);
        verb.width = take_number(verb);
        if (rest_.starts_with('.')) {
            rest_.remove_prefix(1);
            verb.precision = take_number(verb).value_or(0);
        }
        if (rest_.empty()) return "%!(NOVERB)";
        verb.letter = rest_.front();
        rest_.remove_prefix(1);
        if (verb.letter == '%') return "%";
        if (next_ >= call_.size()) return cat("%!", escaped({&verb.letter, 1}), "(MISSING)");
        return formatted(verb, call_[next_++]);
    }

    void take_flags(Verb& verb) {
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            switch (rest_.front()) {
            case '-': verb.minus = true; break;
            case '+': verb.plus = true; break;
            case '#': verb.sharp = true; break;
            case ' ': verb.blank = true; break;
            case '0': verb.zero = true; break;
            default: return;
            }
        }
    }

    /// Digits, or * for the next argument.
    std::optional<std::size_t> take_number(Verb& verb) {
        long number = 0;
        if (rest_.starts_with('*')) {
            rest_.remove_prefix(1);
            if (next_ >= call_.size()) fail(call_.offset, "printf: an argument is missing for *");
            number = call_.whole(next_++);
            verb.minus = verb.minus || number < 0;
            number = std::abs(number);
        } else {
            const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
            if (error == std::errc::result_out_of_range) number = widest + 1;
            else if (error != std::errc()) return std::nullopt;
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        }
        if (static_cast<std::size_t>(number) > widest) fail(call_.offset, "printf: a width above ", widest);
        return static_cast<std::size_t>(number);
    }

    std::string extra() {
        if (next_ >= call_.size()) return {};
        std::string out = "%!(EXTRA ";
        for (std::size_t i = next_; i < call_.size(); ++i)
            out += cat(i > next_ ? ", " : "", call_[i].data().is_null() ? "<nil>" : cat(call_[i].go_type(), "=", call_[i].printed()));
        return out + ")";
    }

    const Call& call_;
    std::string_view rest_;
    std::size_t next_ = 1;
};

} // namespace

Value fn_printf(const Call& call) { return Value::own(Printer(call).run()); }

} // namespace cli::templates
