// Who we are to a registry: challenges, and the anonymous bearer tokens they ask for (distribution-spec "token authentication").
//
// A registry names in WWW-Authenticate the realm where a token can be had. The realm is the registry's word and nothing
// more, so (security.md E7, E8): it must be https, or http on the very terms on which the registry itself may be spoken
// to in the clear; it gets no credentials; redirects of it are refused; and the token goes to the registry's own origin only.
#pragma once

#include "lib/registry/http.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

/// One challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1).
struct Challenge {
    std::string scheme;                             ///< lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;  ///< names in lower case, values unquoted
};

/// All challenges of the header's value. What does not follow the grammar ends the list; never throws.
std::vector<Challenge> parse_challenges(std::string_view header);

/// Where to ask for a token to pull `repository`: the realm of the bearer challenge with service and scope. Throws Error
/// when the challenge is none we can answer (Basic needs a login) or its realm is no http(s) URL. Whether that URL may be
/// asked is for the caller to judge, by the rules above.
Url token_url(const std::vector<Challenge>& challenges, const std::string& repository);

/// The token in a token server's answer. Throws Error when there is none, or one that cannot stand in a header.
std::string parse_token(std::string_view body);

} // namespace lib::registry
