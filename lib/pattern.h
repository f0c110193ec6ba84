// Regular expressions as users write them after --filter name=…: POSIX extended ones, found anywhere in the text.
#pragma once

#include <memory>
#include <string>

namespace lib {

class Pattern {
public:
    /// Throws Error "OPTION: …" for what is no regular expression.
    Pattern(const std::string& option, const std::string& text);
    bool matches(const std::string& text) const;

private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

} // namespace lib
