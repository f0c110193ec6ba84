// Regular expressions, see lib/pattern.h. From the C library: std::regex would cost more in a static program than all of `ps`.
#include "lib/pattern.h"

#include "base/error.h"

#include <regex.h>

#include <array>

namespace lib {

struct Pattern::Compiled {
    regex_t expression{};
    Compiled() = default;
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled() { ::regfree(&expression); }
};

Pattern::Pattern(const std::string& option, const std::string& text) {
    auto compiled = std::make_shared<Compiled>();
    const int code = ::regcomp(&compiled->expression, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        std::array<char, 128> reason{};
        ::regerror(code, &compiled->expression, reason.data(), reason.size());
        throw Error(option, "=", text, ": not a regular expression: ", reason.data());
    }
    compiled_ = std::move(compiled);
}

bool Pattern::matches(const std::string& text) const { return ::regexec(&compiled_->expression, text.c_str(), 0, nullptr, 0) == 0; }

} // namespace lib
