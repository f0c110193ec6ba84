// The http and https URLs a registry is spoken to with, and their origins: who may be sent what is decided by origin.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lib::registry {

struct Url {
    std::string scheme; ///< "http" or "https"
    std::string host;   ///< lower case; IPv6 literals keep their brackets
    unsigned port = 0;  ///< always filled in: 80 or 443 where the text says nothing
    std::string target; ///< path and query, from '/'

    std::string origin() const; ///< scheme://host:port
    std::string str() const { return origin() + target; }
};

/// nullopt for anything but an absolute http(s) URL without user information; the fragment is dropped. Control
/// characters and spaces make it invalid.
std::optional<Url> find_url(std::string_view text);

/// Where a Location header leads to from `base`: absolute, scheme-relative, absolute path or relative to the directory.
std::optional<Url> resolve_location(const Url& base, std::string_view location);

/// localhost, 127.0.0.0/8 and [::1]: what is sent there never leaves the machine.
bool is_loopback(std::string_view host);

/// The text with everything but unreserved characters as %XX (RFC 3986, section 2.3).
std::string query_escape(std::string_view text);

} // namespace lib::registry
