// Challenges and tokens, see lib/registry/auth.h.
#include "lib/registry/auth.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

#include <algorithm>

namespace lib::registry {
namespace {

constexpr std::size_t longest_token = 64 << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Reads the header from left to right; every take_ returns nothing where the grammar says something else.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// A token of RFC 9110, in lower case; empty where there is none.
    std::string take_word() {
        const auto end = std::min(rest_.find_first_of(" \t,=\"\\()<>@;:?{}[]"), rest_.size());
        std::string word(rest_.substr(0, end));
        std::transform(word.begin(), word.end(), word.begin(), lower);
        rest_.remove_prefix(end);
        return word;
    }
    /// A quoted string or a bare value, which may hold more characters than a token ("https://…" unquoted is common).
    std::string take_value() {
        if (!take('"')) {
            const auto end = std::min(rest_.find_first_of(" \t,"), rest_.size());
            std::string value(rest_.substr(0, end));
            rest_.remove_prefix(end);
            return value;
        }
        std::string value;
        while (!rest_.empty() && !rest_.starts_with('"')) {
            if (rest_.starts_with('\\') && rest_.size() > 1) rest_.remove_prefix(1);
            value += rest_.front();
            rest_.remove_prefix(1);
        }
        take('"');
        return value;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

} // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
    std::vector<Challenge> challenges;
    Scanner scanner(header);
    for (scanner.skip(" \t,"); !scanner.at_end(); scanner.skip(" \t,")) {
        std::string word = scanner.take_word();
        if (word.empty()) break;
        scanner.skip(" \t");
        if (!scanner.take('=')) { // a word without value opens the next challenge
            challenges.push_back({std::move(word), {}});
            continue;
        }
        if (challenges.empty()) break;
        scanner.skip(" \t");
        challenges.back().parameters.emplace(std::move(word), scanner.take_value());
    }
    return challenges;
}

Url token_url(const std::vector<Challenge>& challenges, const std::string& repository) {
    const auto bearer = std::find_if(challenges.begin(), challenges.end(), [](const Challenge& c) { return c.scheme == "bearer"; });
    if (bearer == challenges.end()) {
        const std::string scheme = challenges.empty() ? "nothing we know" : challenges.front().scheme;
        throw Error("the registry asks for a login (", oci::printable(scheme), "), which is not supported yet");
    }
    const auto parameter = [&](const char* name) {
        const auto it = bearer->parameters.find(name);
        return it == bearer->parameters.end() ? std::string() : it->second;
    };
    auto url = find_url(parameter("realm"));
    if (!url) throw Error("the registry asks for a token from \"", oci::printable(parameter("realm")), "\", which is no URL");
    url->target += url->target.find('?') == std::string::npos ? '?' : '&';
    if (const std::string service = parameter("service"); !service.empty())
        url->target += "service=" + query_escape(service) + "&";
    url->target += "scope=" + query_escape("repository:" + repository + ":pull");
    return *url;
}

std::string parse_token(std::string_view body) {
    const nlohmann::json document = oci::parse_json_text(body, "token");
    const oci::Fields fields(document, "token");
    std::string token = fields.text("token");
    if (token.empty()) token = fields.text("access_token");
    const bool fits = !token.empty() && token.size() <= longest_token
                      && std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!fits) throw Error("token: the token server's answer holds no usable token");
    return token;
}

} // namespace lib::registry
