// What an epoll event of the stack carries: whose it is, and which use of that entry.
#pragma once

#include <cstdint>

namespace netstack {

enum class Owner : std::uint8_t { link, stop, control, listener, tcp, udp, echo, dns, capture };

struct Token {
    Owner owner = Owner::link;
    std::uint32_t index = 0;      ///< below 2^28
    std::uint32_t generation = 0; ///< of a slab entry

    std::uint64_t pack() const noexcept {
        return std::uint64_t{generation} << 32 | std::uint64_t{index} << 4 | static_cast<std::uint64_t>(owner);
    }
    static Token unpack(std::uint64_t bits) noexcept {
        return {Owner(bits & 15), static_cast<std::uint32_t>(bits) >> 4, static_cast<std::uint32_t>(bits >> 32)};
    }
};

} // namespace netstack
