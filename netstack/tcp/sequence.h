// Sequence numbers: 32 bits that wrap (RFC 9293, 3.4). Distances are below 2^31.
#pragma once

#include <cstdint>

namespace netstack::tcp {

constexpr std::int32_t distance(std::uint32_t from, std::uint32_t to) noexcept { return static_cast<std::int32_t>(to - from); }
constexpr bool before(std::uint32_t a, std::uint32_t b) noexcept { return distance(b, a) < 0; }
constexpr bool after(std::uint32_t a, std::uint32_t b) noexcept { return distance(b, a) > 0; }

} // namespace netstack::tcp
