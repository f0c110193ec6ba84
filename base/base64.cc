// See base/base64.h.
#include "base/base64.h"

#include <cstdint>

namespace base64 {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string encode(std::string_view bytes) {
    std::string text;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : bytes) {
        held = held << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) text += digits[held >> (bits - 6) & 63];
    }
    if (bits > 0) text += digits[held << (6 - bits) & 63];
    while (text.size() % 4 != 0) text += '=';
    return text;
}

std::optional<std::string> decode(std::string_view text) {
    std::string bytes;
    std::uint32_t held = 0;
    int bits = 0;
    bool ended = false;
    for (const char c : text) {
        if (c == '\n' || c == '\r') continue;
        ended = ended || c == '=';
        if (c == '=') continue;
        const auto value = digits.find(c);
        if (ended || value == std::string_view::npos) return std::nullopt;
        held = held << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(held >> bits & 0xff);
    }
    if (bits >= 6) return std::nullopt;
    return bytes;
}

} // namespace base64
