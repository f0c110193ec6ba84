// Bytes of packets: what the views read and the builders write. No casts of packed structures: fields are loaded and
// stored by offset, in network byte order, whatever their alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace netstack::wire {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// The caller has checked that the field is inside.
inline std::uint8_t load8(Bytes b, std::size_t at) noexcept { return std::to_integer<std::uint8_t>(b[at]); }
inline std::uint16_t load16(Bytes b, std::size_t at) noexcept {
    std::uint16_t value;
    std::memcpy(&value, b.subspan(at, sizeof value).data(), sizeof value);
    return __builtin_bswap16(value);
}
inline std::uint32_t load32(Bytes b, std::size_t at) noexcept {
    std::uint32_t value;
    std::memcpy(&value, b.subspan(at, sizeof value).data(), sizeof value);
    return __builtin_bswap32(value);
}

inline void store8(MutableBytes b, std::size_t at, std::uint8_t value) noexcept { b[at] = std::byte{value}; }
inline void store16(MutableBytes b, std::size_t at, std::uint16_t value) noexcept {
    value = __builtin_bswap16(value);
    std::memcpy(b.subspan(at, sizeof value).data(), &value, sizeof value);
}
inline void store32(MutableBytes b, std::size_t at, std::uint32_t value) noexcept {
    value = __builtin_bswap32(value);
    std::memcpy(b.subspan(at, sizeof value).data(), &value, sizeof value);
}
inline void store_bytes(MutableBytes b, std::size_t at, Bytes from) noexcept {
    if (!from.empty()) std::memcpy(b.subspan(at, from.size()).data(), from.data(), from.size());
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "load and store swap");

} // namespace netstack::wire
