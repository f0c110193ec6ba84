// Fragments of the container's packets, put together again in a few buffers of fixed size (RFC 791, RFC 8200 4.5).
#pragma once

#include "netstack/wire/ip.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

namespace netstack {

class Reassembly {
public:
    /// A fragment; the whole packet when it was the last one missing. The view is good until the next call. What overlaps is
    /// thrown away as a whole (RFC 5722), and so is the oldest packet when another begins and all places are taken.
    std::optional<wire::IpView> add(const wire::IpView& fragment, std::int64_t now) noexcept;

private:
    static constexpr std::size_t places = 4;
    static constexpr std::size_t largest = 65'535 - wire::ipv6_length; ///< payload bytes
    static constexpr std::size_t units = 65'536 / 8;
    static constexpr std::int64_t patience_ms = 5000; ///< on a link without a network; RFC 8200 has a minute for the world

    struct Place {
        wire::Address source, destination;
        std::uint32_t id = 0;
        std::uint8_t protocol = 0;
        bool used = false;
        std::int64_t began = 0;
        std::size_t total = 0;    ///< payload bytes, 0 while unknown
        std::bitset<units> have;
        std::array<std::byte, wire::ipv6_length + 65'536> bytes; ///< the payload begins at ipv6_length
    };
    Place& place_for(const wire::IpView& fragment, std::int64_t now) noexcept;

    std::array<Place, places> places_; // bytes untouched until used
};

} // namespace netstack
