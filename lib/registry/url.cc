// URLs and origins, see lib/registry/url.h.
#include "lib/registry/url.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>

namespace lib::registry {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

std::optional<unsigned> find_number(std::string_view text, unsigned largest) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > largest) return std::nullopt;
    return value;
}

bool is_host_text(std::string_view host) {
    if (host.starts_with('['))
        return host.size() > 2 && host.ends_with(']')
               && host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
    return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string_view::npos;
}

/// Fills host and port from "host[:port]".
bool split_authority(std::string_view authority, Url& url) {
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    url.host = lowered(has_port ? authority.substr(0, colon) : authority);
    url.port = url.scheme == "https" ? 443 : 80;
    if (has_port) {
        const auto port = find_number(authority.substr(colon + 1), 65535);
        if (!port || *port == 0) return false;
        url.port = *port;
    }
    return is_host_text(url.host);
}

} // namespace

std::string Url::origin() const { return cat(scheme, "://", host, ":", port); }

std::optional<Url> find_url(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; }))
        return std::nullopt;
    text = text.substr(0, text.find('#'));
    const auto separator = text.find("://");
    if (separator == std::string_view::npos) return std::nullopt;
    Url url;
    url.scheme = lowered(text.substr(0, separator));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(separator + 3);
    const auto end = std::min(text.find_first_of("/?"), text.size());
    if (!split_authority(text.substr(0, end), url)) return std::nullopt; // '@' of user information is no host character
    url.target = text.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    return url;
}

std::optional<Url> resolve_location(const Url& base, std::string_view location) {
    const auto colon = location.find(':');
    if (colon != std::string_view::npos && colon < location.find_first_of("/?#")) return find_url(location);
    if (location.starts_with("//")) return find_url(cat(base.scheme, ":", location));
    if (location.starts_with('/')) return find_url(cat(base.origin(), location));
    const std::string path = base.target.substr(0, base.target.find('?'));
    return find_url(cat(base.origin(), path.substr(0, path.rfind('/') + 1), location));
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    // Four numbers exactly: 127.evil.example and 127.1 are names or shorthands, not addresses to trust by their look.
    int numbers = 0;
    for (std::string_view rest = host;; ++numbers) {
        const auto dot = rest.find('.');
        const auto number = find_number(rest.substr(0, dot), 255);
        if (!number || (numbers == 0 && *number != 127)) return false;
        if (dot == std::string_view::npos) return numbers == 3;
        rest.remove_prefix(dot + 1);
    }
}

std::string query_escape(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~') {
            escaped += c;
        } else {
            escaped += '%';
            escaped += digits[byte >> 4];
            escaped += digits[byte & 15];
        }
    }
    return escaped;
}

} // namespace lib::registry
