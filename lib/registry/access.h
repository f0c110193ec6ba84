// How registries are spoken to: what the options and files of a command come to, as plain data from lib/registry_access.
#pragma once

#include "lib/registry/http.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

/// A user name with a password, or an identity token (OAuth 2's refresh token), or a token for the registry; all empty: nobody.
struct Credentials {
    std::string username;
    std::string password;
    std::string identity_token{};
    std::string registry_token{};
    bool none() const { return password.empty() && identity_token.empty() && registry_token.empty() && username.empty(); }
};

/// One repository of one registry.
struct Endpoint {
    std::string host;       ///< host[:port]
    std::string repository; ///< empty where it is about the registry as a whole
    bool insecure = false;  ///< by a rule or --tls-verify=false; loopback needs none
    Credentials credentials{};
};

struct Access {
    std::vector<std::string> insecure_hosts;  ///< "host[:port]" and "*.host", by rules
    bool clear_on_loopback = true;            ///< plain http to this machine; not with --tls-verify
    std::string cert_dir;                     ///< --cert-dir: in place of the directories below
    std::vector<std::string> cert_places;     ///< certs.d directories, the first that has the host counts
    int attempts = 4;
    std::optional<std::chrono::milliseconds> delay; ///< between attempts; by default they grow
    std::function<void(const std::string&)> warn;    ///< hears of every attempt that will be repeated; any thread

    bool is_insecure(const Url& url) const;
};

/// What to do about a certificate that nobody we trust vouches for, as the end of an error.
std::string authority_advice(const Access& access, const Url& url);

/// The certificates for this URL: *.crt are authorities, *.cert and *.key of the same name are who we are. `own`: the URL
/// belongs to the registry of the command, so that --cert-dir's client certificate may be shown there. Throws Error naming
/// the file that is missing.
TlsIdentity find_tls_identity(const Access& access, const Url& url, bool own);

} // namespace lib::registry
