// Base64 (RFC 4648, section 4), as credentials are written in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base64 {

std::string encode(std::string_view bytes);
/// nullopt for what is none. Padding may be missing; line feeds are skipped.
std::optional<std::string> decode(std::string_view text);

} // namespace base64
