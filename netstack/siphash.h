// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): hash tables whose collisions a container cannot
// compute, because it does not know the key.
#pragma once

#include "netstack/wire/bytes.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace netstack {

using HashKey = std::array<std::uint64_t, 2>;

/// Of bytes in multiples of eight.
inline std::uint64_t siphash(const HashKey& key, wire::Bytes bytes) noexcept {
    std::uint64_t a = key[0] ^ 0x736f6d6570736575, b = key[1] ^ 0x646f72616e646f6d;
    std::uint64_t c = key[0] ^ 0x6c7967656e657261, d = key[1] ^ 0x7465646279746573;
    const auto round = [&]() noexcept {
        a += b, b = std::rotl(b, 13), b ^= a, a = std::rotl(a, 32);
        c += d, d = std::rotl(d, 16), d ^= c;
        a += d, d = std::rotl(d, 21), d ^= a;
        c += b, b = std::rotl(b, 17), b ^= c, c = std::rotl(c, 32);
    };
    const std::uint64_t length = std::uint64_t{bytes.size()} << 56;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data(), sizeof word);
        d ^= word;
        round();
        a ^= word;
    }
    d ^= length;
    round();
    a ^= length;
    c ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return a ^ b ^ c ^ d;
}

} // namespace netstack
