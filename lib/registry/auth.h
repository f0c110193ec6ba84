// Who we are to a registry: its challenges, and the answers to them (RFC 7617, distribution-spec "token authentication").
//
// A registry names in WWW-Authenticate the realm where a token can be had. The realm is the registry's word and nothing
// more, so (security.md E7, E8): it must be https, or http on the very terms on which the registry itself may be spoken
// to in the clear; redirects of it are refused; the token goes to the registry's own origin only. The user's password goes
// to the realm only where that is the registry's host or one of the same domain (may_have_password); an anonymous token
// may come from anywhere.
#pragma once

#include "lib/registry/access.h"
#include "lib/registry/http.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

/// The registry does not believe the user name or password.
class LoginRefused : public Error {
public:
    explicit LoginRefused(const std::string& host) : Error("invalid username/password for ", host) {}
};

/// One challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1).
struct Challenge {
    std::string scheme;                             ///< lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;  ///< names in lower case, values unquoted
};

/// All challenges of the header's value. What does not follow the grammar ends the list; never throws.
std::vector<Challenge> parse_challenges(std::string_view header);

/// nullptr when there is none of that scheme.
const Challenge* find_challenge(const std::vector<Challenge>& challenges, std::string_view scheme);

/// What a token is to be good for: "repository:library/nginx:pull".
using Scopes = std::vector<std::string>;

/// Where to ask for a token: the realm with service and scopes. Throws Error when the realm is no http(s) URL. Whether that
/// URL may be asked is for the caller to judge, by the rules above.
Url token_url(const Challenge& bearer, const Scopes& scopes, const std::string& account = {});
/// The form that asks for one with an identity token.
std::string token_form(const Challenge& bearer, const Scopes& scopes, const std::string& identity_token);

/// "Basic …" (RFC 7617).
std::string basic_authorization(const Credentials& credentials);

/// Whether the realm's host may be told the password for the registry: the same host, one below it, or both below one
/// parent of two labels at least (registry-1.docker.io and auth.docker.io, registry.gitlab.com and gitlab.com).
bool may_have_password(const Url& registry, const Url& realm);

/// The token, if it can stand in a header; else Error.
const std::string& checked_token(const std::string& token);

/// The token in a token server's answer. Throws Error when there is none, or one that cannot stand in a header.
std::string parse_token(std::string_view body);

} // namespace lib::registry
