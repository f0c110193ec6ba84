// Content digests, see base/oci/digest.h.
#include "base/oci/digest.h"

#include "base/error.h"

#include <algorithm>

namespace oci {

bool is_lower_hex(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

std::string printable(std::string_view text) {
    constexpr std::size_t longest = 100;
    std::string shown(text.substr(0, longest));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    if (text.size() > longest) shown += "...";
    return shown;
}

std::optional<Digest> Digest::find(std::string_view text) {
    if (!text.starts_with(prefix) || text.size() != prefix.size() + hex_length) return std::nullopt;
    if (!is_lower_hex(text.substr(prefix.size()))) return std::nullopt;
    return Digest(std::string(text));
}

Digest Digest::parse(std::string_view text) {
    if (auto digest = find(text)) return *std::move(digest);
    throw Error("invalid digest \"", printable(text), "\": expected sha256: and 64 lower-case hexadecimal digits");
}

Digest Digest::from_hex(std::string_view hex) { return parse(cat(prefix, hex)); }

} // namespace oci
