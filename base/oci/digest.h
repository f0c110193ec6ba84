// Content digests as the OCI image specification writes them (image-spec, descriptor.md, "Digests").
//
// Only `sha256:` followed by 64 lower-case hexadecimal digits is accepted. A Digest can therefore be put into a path or
// a URL as it is: whatever a registry or an archive calls a digest goes through parse() first (security.md E10).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace oci {

class Digest {
public:
    /// Throws Error showing (a part of) the text.
    static Digest parse(std::string_view text);
    static std::optional<Digest> find(std::string_view text);
    /// From the 64 digits alone. Throws Error.
    static Digest from_hex(std::string_view hex);

    const std::string& str() const noexcept { return text_; } ///< "sha256:…"
    std::string hex() const { return text_.substr(prefix.size()); }

    auto operator<=>(const Digest&) const = default;

    static constexpr std::string_view prefix = "sha256:";
    static constexpr std::size_t hex_length = 64;

private:
    explicit Digest(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// Whether the text is lower-case hexadecimal digits only, at least one.
bool is_lower_hex(std::string_view text) noexcept;

/// Text of others in an error message: control characters replaced, cut after 100 bytes.
std::string printable(std::string_view text);

} // namespace oci
