// Image names, see base/oci/reference.h.
#include "base/oci/reference.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>

namespace oci {
namespace {

constexpr std::string_view hub = "docker.io";
constexpr std::string_view local = "localhost";
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

[[noreturn]] void fail(std::string_view text, const std::string& why) {
    throw Error("invalid image name \"", printable(text), "\": ", why);
}

/// What a name consists of before anything is judged.
struct Parts {
    std::string_view first; ///< the registry, empty for an unqualified name
    std::string_view path;
    std::optional<std::string_view> tag;
    std::optional<std::string_view> digest;
};

bool looks_like_host(std::string_view component) {
    return component == local || component.find_first_of(".:[") != std::string_view::npos
           || std::any_of(component.begin(), component.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Parts split(std::string_view text) {
    Parts parts{{}, text, {}, {}};
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        parts.digest = text.substr(at + 1);
        parts.path = text.substr(0, at);
    }
    // A ':' after the last '/' separates the tag; one before it belongs to the host's port.
    const auto colon = parts.path.rfind(':');
    const auto last_slash = parts.path.rfind('/');
    if (colon != std::string_view::npos && (last_slash == std::string_view::npos || colon > last_slash)) {
        parts.tag = parts.path.substr(colon + 1);
        parts.path = parts.path.substr(0, colon);
    }
    const auto slash = parts.path.find('/');
    if (slash != std::string_view::npos && looks_like_host(parts.path.substr(0, slash))) {
        parts.first = parts.path.substr(0, slash);
        parts.path = parts.path.substr(slash + 1);
    }
    return parts;
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_ipv6_literal(std::string_view host) {
    return host.size() > 2 && host.front() == '[' && host.back() == ']'
           && host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
}

bool is_host_label(std::string_view label) {
    return !label.empty() && is_alnum(label.front()) && is_alnum(label.back())
           && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_host(std::string_view host) {
    if (is_ipv6_literal(host)) return true;
    while (true) {
        const auto dot = host.find('.');
        if (!is_host_label(host.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        host.remove_prefix(dot + 1);
    }
}

void check_registry(std::string_view text, std::string_view registry) {
    std::string_view host = registry;
    const auto colon = registry.rfind(':');
    const bool has_port = colon != std::string_view::npos && (registry.front() != '[' || registry[colon - 1] == ']');
    if (has_port) {
        host = registry.substr(0, colon);
        if (!is_port(registry.substr(colon + 1)))
            fail(text, cat("\"", printable(registry.substr(colon + 1)), "\" is not a port number"));
    }
    if (!is_host(host)) fail(text, cat("\"", printable(host), "\" is not a host name"));
}

/// Lower-case letters and digits, separated by one '.', one or two '_', or any number of '-'.
bool is_path_component(std::string_view component) {
    bool expect_alnum = true;
    for (std::size_t i = 0; i < component.size();) {
        if (is_lower_alnum(component[i])) {
            expect_alnum = false;
            ++i;
            continue;
        }
        if (expect_alnum) return false;
        const auto next = std::min(component.find_first_not_of(component[i], i), component.size());
        const std::size_t run = next - i;
        const char c = component[i];
        if (!((c == '.' && run == 1) || (c == '_' && run <= 2) || c == '-')) return false;
        expect_alnum = true;
        i = next;
    }
    return !expect_alnum;
}

void check_path(std::string_view text, std::string_view path) {
    if (path.empty()) fail(text, "the repository is missing");
    if (std::any_of(path.begin(), path.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
        fail(text, "the repository must be lower case");
    for (std::string_view rest = path;;) {
        const auto slash = rest.find('/');
        const std::string_view component = rest.substr(0, slash);
        if (!is_path_component(component))
            fail(text, cat("\"", printable(component), "\" is not a valid repository component"));
        if (slash == std::string_view::npos) return;
        rest.remove_prefix(slash + 1);
    }
}

void check_tag(std::string_view text, std::string_view tag) {
    const bool valid = !tag.empty() && tag.size() <= longest_tag && (is_alnum(tag[0]) || tag[0] == '_')
                       && std::all_of(tag.begin(), tag.end(), [](char c) {
                              return is_alnum(c) || c == '_' || c == '.' || c == '-';
                          });
    if (!valid) fail(text, cat("\"", printable(tag), "\" is not a valid tag"));
}

Reference qualify(std::string_view text, const Parts& parts, std::string_view default_registry) {
    Reference reference;
    check_path(text, parts.path);
    if (parts.first.empty()) {
        // Sixty-four hexadecimal digits always mean an image id.
        if (parts.path.size() == Digest::hex_length && is_lower_hex(parts.path))
            fail(text, "a repository cannot look like an image id");
        reference.registry = default_registry;
    } else {
        check_registry(text, parts.first);
        reference.registry = parts.first == "index.docker.io" ? hub : parts.first;
    }
    reference.repository = parts.path;
    if (reference.registry == hub && parts.path.find('/') == std::string_view::npos)
        reference.repository = cat("library/", parts.path);
    if (reference.name().size() > longest_name) fail(text, cat("longer than ", longest_name, " characters"));
    if (parts.tag) {
        check_tag(text, *parts.tag);
        reference.tag = *parts.tag;
    }
    if (parts.digest) {
        reference.digest = Digest::find(*parts.digest);
        if (!reference.digest)
            fail(text, "the part after @ must be sha256: and 64 lower-case hexadecimal digits");
    }
    if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
    return reference;
}

} // namespace

std::string Reference::str() const {
    std::string text = name();
    if (!tag.empty()) text += ":" + tag;
    if (digest) text += "@" + digest->str();
    return text;
}

Reference parse_reference(std::string_view text) { return qualify(text, split(text), hub); }
Reference parse_local_reference(std::string_view text) { return qualify(text, split(text), local); }

bool is_qualified(std::string_view text) { return !split(text).first.empty(); }

std::vector<Reference> local_candidates(std::string_view text) {
    const Parts parts = split(text);
    if (!parts.first.empty()) return {qualify(text, parts, hub)};
    return {qualify(text, parts, local), qualify(text, parts, hub)};
}

std::string registry_host(const Reference& reference) {
    return reference.registry == hub ? "registry-1.docker.io" : reference.registry;
}

} // namespace oci
