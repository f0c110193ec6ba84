// From the text of a template to tokens, after the "Actions" section of Go's text/template.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cli::templates {

struct Token {
    enum class Kind {
        text,       ///< outside of {{ }}; blanks that a neighbouring {{- or -}} eats are gone
        open,       ///< {{
        close,      ///< }}
        identifier, ///< a keyword or a function
        field,      ///< ".Name"; `text` is the name
        variable,   ///< "$" or "$name"; `text` has the $
        dot,        ///< "." alone
        number,     ///< as written
        character,  ///< 'x', as written
        string,     ///< "x" or `x`; `text` is what it stands for
        pipe,
        left_paren,
        right_paren,
        comma,
        declare,    ///< :=
        assign,     ///< =
        end,
    };
    Kind kind = Kind::end;
    std::size_t offset = 0;
    std::string text;
    bool after_blank = false; ///< whether a blank stands before it: ".A .B" are two operands, ".A.B" is one
};

/// The tokens of what stands from `start` on, with `end` as the last. "\t" and "\n" outside of {{ }} stand for a tab and a line feed, since a shell passes
/// them on as two characters. Throws Error.
std::vector<Token> lex(std::string_view text, std::size_t start = 0);

/// What Go's quoted text stands for: the text between the quotes, with its escapes. Throws Error.
std::string unquoted(std::string_view text, std::size_t offset);

/// `code` as UTF-8.
std::string utf8(char32_t code);

} // namespace cli::templates
