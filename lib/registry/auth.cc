// Challenges and tokens, see lib/registry/auth.h.
#include "lib/registry/auth.h"

#include "base/base64.h"
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

const Challenge* find_challenge(const std::vector<Challenge>& challenges, std::string_view scheme) {
    const auto found = std::find_if(challenges.begin(), challenges.end(), [&](const Challenge& c) { return c.scheme == scheme; });
    return found == challenges.end() ? nullptr : &*found;
}

namespace {

std::string parameter(const Challenge& challenge, const char* name) {
    const auto it = challenge.parameters.find(name);
    return it == challenge.parameters.end() ? std::string() : it->second;
}

bool is_name(std::string_view host) {
    return !host.starts_with('[') && host.find_first_not_of("0123456789.") != std::string_view::npos;
}

/// Without its first label: "docker.io" of "auth.docker.io"; empty where that leaves no two.
std::string_view parent_domain(std::string_view host) {
    const auto dot = host.find('.');
    if (dot == std::string_view::npos || host.find('.', dot + 1) == std::string_view::npos) return {};
    return host.substr(dot + 1);
}

bool is_within(std::string_view host, std::string_view domain) {
    return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

} // namespace

Url token_url(const Challenge& bearer, const Scopes& scopes, const std::string& account) {
    auto url = find_url(parameter(bearer, "realm"));
    if (!url) throw Error("the registry asks for a token from \"", oci::printable(parameter(bearer, "realm")), "\", which is no URL");
    std::string query;
    const auto add = [&](const char* name, const std::string& value) { query += cat(query.empty() ? "" : "&", name, "=", query_escape(value)); };
    if (const std::string service = parameter(bearer, "service"); !service.empty()) add("service", service);
    for (const std::string& scope : scopes) add("scope", scope);
    if (!account.empty()) add("account", account);
    if (!query.empty()) url->target += cat(url->target.find('?') == std::string::npos ? '?' : '&', query);
    return *url;
}

std::string token_form(const Challenge& bearer, const Scopes& scopes, const std::string& identity_token) {
    std::string form = cat("grant_type=refresh_token&client_id=ctl&service=", query_escape(parameter(bearer, "service")),
                           "&refresh_token=", query_escape(identity_token), "&scope=");
    for (std::size_t i = 0; i < scopes.size(); ++i) form += query_escape(cat(i > 0 ? " " : "", scopes[i]));
    return form;
}

std::string basic_authorization(const Credentials& credentials) {
    return "Basic " + base64::encode(cat(credentials.username, ":", credentials.password));
}

bool may_have_password(const Url& registry, const Url& realm) {
    if (registry.host == realm.host) return realm.scheme == "https" || registry.scheme == "http";
    if (realm.scheme != "https" || registry.scheme != "https" || !is_name(registry.host) || !is_name(realm.host)) return false;
    const std::string_view parent = parent_domain(registry.host);
    return is_within(realm.host, registry.host) || (!parent.empty() && is_within(realm.host, parent));
}

const std::string& checked_token(const std::string& token) {
    const bool fits = !token.empty() && token.size() <= longest_token && std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!fits) throw Error("token: empty, too long, or with characters that cannot be sent");
    return token;
}

std::string parse_token(std::string_view body) {
    const nlohmann::json document = oci::parse_json_text(body, "token");
    const oci::Fields fields(document, "token");
    std::string token = fields.text("token");
    if (token.empty()) token = fields.text("access_token");
    return checked_token(token);
}

} // namespace lib::registry
