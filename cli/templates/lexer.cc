// Tokens, see cli/templates/lexer.h.
#include "cli/templates/lexer.h"

#include "cli/output.h"
#include "cli/templates/syntax_error.h"

#include <algorithm>
#include <cctype>

namespace cli::templates {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "\t" and "\n", which a shell passes on as two characters.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        if (next != 't' && next != 'n') {
            out += text[i];
            continue;
        }
        out += next == 't' ? '\t' : '\n';
        ++i;
    }
    return out;
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    const int letter = std::tolower(static_cast<unsigned char>(c));
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

class Lexer {
public:
    Lexer(std::string_view text, std::size_t start) : text_(text), at_(start) {}

    std::vector<Token> run() {
        bool trim = false; // the action before this text ended in -}}
        while (at_ < text_.size()) {
            const auto open = std::min(text_.find("{{", at_), text_.size());
            lex_text(open, trim);
            at_ = open;
            if (at_ < text_.size()) trim = lex_action();
        }
        add(Token::Kind::end, text_.size());
        return std::move(tokens_);
    }

private:
    using Kind = Token::Kind;

    void add(Kind kind, std::size_t offset, std::string text = {}) {
        tokens_.push_back({kind, offset, std::move(text), after_blank_});
        after_blank_ = false;
    }

    bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    /// Whether the {{ at `open` is a {{- that eats the blanks before it: "{{-3}}" is a number.
    bool trims_left(std::size_t open) const {
        return open + 3 < text_.size() && text_[open + 2] == '-' && is_blank(text_[open + 3]);
    }

    void lex_text(std::size_t end, bool trim_start) {
        std::string text = unescaped(text_.substr(at_, end - at_));
        if (trim_start) text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
        if (trims_left(end)) text.erase(text.find_last_not_of(blanks) + 1);
        if (!text.empty()) add(Kind::text, at_, std::move(text));
    }

    /// From {{ to behind }}; whether it ends in -}}.
    bool lex_action() {
        const std::size_t open = at_;
        at_ += trims_left(at_) ? 3U : 2U;
        std::size_t comment = at_;
        while (comment < text_.size() && is_blank(text_[comment])) ++comment;
        if (text_.substr(comment).starts_with("/*") && (comment == at_ || trims_left(open))) return lex_comment(comment);
        add(Kind::open, open);
        for (;;) {
            after_blank_ = skip_blanks();
            if (at_ >= text_.size()) fail(open, "{{ without }}");
            if (starts_with("}}")) return close(2, false);
            if (after_blank_ && starts_with("-}}")) return close(3, true);
            lex_token();
        }
    }

    bool close(std::size_t length, bool trims) {
        add(Kind::close, at_);
        at_ += length;
        return trims;
    }

    bool lex_comment(std::size_t start) {
        const auto end = text_.find("*/", start + 2);
        if (end == std::string_view::npos) fail(start, "/* without */");
        at_ = end + 2;
        if (starts_with("}}")) {
            at_ += 2;
            return false;
        }
        const bool blank = skip_blanks();
        if (!blank || !starts_with("-}}")) fail(at_, "a comment ends with */}} or */ -}}");
        at_ += 3;
        return true;
    }

    bool skip_blanks() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        return at_ > start;
    }

    std::string_view take_word() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        return text_.substr(start, at_ - start);
    }

    void lex_token() {
        const std::size_t start = at_;
        const char c = text_[at_];
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (is_digit(c) || ((c == '.' || c == '+' || c == '-') && (is_digit(next) || (c != '.' && next == '.')))) return lex_number();
        if (is_word(c)) return add(Kind::identifier, start, std::string(take_word()));
        if (c == '"' || c == '\'') return lex_quoted(c);
        if (c == '`') return lex_raw();
        ++at_;
        switch (c) {
        case '.':
            if (!is_word(next)) return add(Kind::dot, start);
            return add(Kind::field, start, std::string(take_word()));
        case '$': return add(Kind::variable, start, "$" + std::string(take_word()));
        case '|': return add(Kind::pipe, start);
        case '(': return add(Kind::left_paren, start);
        case ')': return add(Kind::right_paren, start);
        case ',': return add(Kind::comma, start);
        case '=': return add(Kind::assign, start);
        case ':':
            if (next != '=') break;
            ++at_;
            return add(Kind::declare, start);
        default: break;
        }
        const bool in_name = c == '-' && !tokens_.empty() && tokens_.back().kind == Kind::field;
        fail(start, "\"", escaped(std::string(1, c)), "\" does not belong there",
             in_name ? "; for a name with a dash write {{index .Labels \"the-name\"}}" : "");
    }

    void lex_number() {
        const std::size_t start = at_++;
        const auto goes_on = [&](char c) {
            const char before = static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_ - 1])));
            const bool exponent = (before == 'e' && !text_.substr(start).starts_with("0x")) || before == 'p';
            return is_word(c) || c == '.' || ((c == '+' || c == '-') && exponent);
        };
        while (at_ < text_.size() && goes_on(text_[at_])) ++at_;
        add(Kind::number, start, std::string(text_.substr(start, at_ - start)));
    }

    void lex_quoted(char quote) {
        const std::size_t start = at_++;
        while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2U : 1U;
        if (at_ >= text_.size() || text_[at_] != quote) fail(start, "a quote without its end");
        const std::string_view inner = text_.substr(start + 1, at_ - start - 1);
        ++at_;
        add(quote == '"' ? Kind::string : Kind::character, start, unquoted(inner, start));
    }

    void lex_raw() {
        const std::size_t start = at_;
        const auto end = text_.find('`', start + 1);
        if (end == std::string_view::npos) fail(start, "a quote without its end");
        at_ = end + 1;
        add(Kind::string, start, std::string(text_.substr(start + 1, end - start - 1)));
    }

    std::string_view text_;
    std::size_t at_;
    bool after_blank_ = false;
    std::vector<Token> tokens_;
};

/// \x41 \101 \u00e9 \U0001F600: the digits after the letter, of which there are exactly `count`.
char32_t take_code(std::string_view& text, std::size_t count, int base, std::size_t offset) {
    char32_t code = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int digit = i < text.size() ? hex_digit(text[i]) : -1;
        if (digit < 0 || digit >= base) fail(offset, "a quoted text has an escape with too few digits");
        code = code * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
    }
    text.remove_prefix(count);
    return code;
}

} // namespace

std::vector<Token> lex(std::string_view text, std::size_t start) { return Lexer(text, start).run(); }

std::string utf8(char32_t code) {
    const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) code = 0xfffd;
    if (code < 0x80) return {byte(code)};
    if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
    if (code < 0x10000) return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
    return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
}

std::string unquoted(std::string_view text, std::size_t offset) {
    constexpr std::string_view letters = "abfnrtv\\'\"", meanings = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    while (!text.empty()) {
        const auto plain = std::min(text.find('\\'), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char letter = text.size() > 1 ? text[1] : '\0';
        const auto simple = letter == '\0' ? std::string_view::npos : letters.find(letter);
        if (simple != std::string_view::npos) {
            out += meanings[simple];
            text.remove_prefix(2);
            continue;
        }
        const bool octal = letter >= '0' && letter <= '7';
        text.remove_prefix(octal ? 1 : std::min<std::size_t>(2, text.size()));
        if (octal) out += static_cast<char>(take_code(text, 3, 8, offset));
        else if (letter == 'x') out += static_cast<char>(take_code(text, 2, 16, offset));
        else if (letter == 'u') out += utf8(take_code(text, 4, 16, offset));
        else if (letter == 'U') out += utf8(take_code(text, 8, 16, offset));
        else fail(offset, "a quoted text has an unknown escape, \\", escaped(std::string(1, letter)));
    }
    return out;
}

} // namespace cli::templates
