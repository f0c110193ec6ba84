// UDP datagrams (RFC 768).
#pragma once

#include "netstack/wire/bytes.h"

#include <cstdint>
#include <optional>

namespace netstack::wire {

inline constexpr std::size_t udp_length = 8;
inline constexpr std::size_t udp_checksum_offset = 6;

class UdpView {
public:
    static std::optional<UdpView> parse(Bytes b) noexcept {
        if (b.size() < udp_length) return std::nullopt;
        const std::size_t length = load16(b, 4);
        if (length < udp_length || length > b.size()) return std::nullopt;
        return UdpView(b.first(length));
    }
    std::uint16_t source_port() const noexcept { return load16(b_, 0); }
    std::uint16_t destination_port() const noexcept { return load16(b_, 2); }
    Bytes payload() const noexcept { return b_.subspan(udp_length); }

private:
    explicit UdpView(Bytes b) noexcept : b_(b) {}
    Bytes b_;
};

/// The header in front of `payload` bytes, with a zero checksum. `into` has udp_length bytes.
inline void build_udp(MutableBytes into, std::uint16_t source_port, std::uint16_t destination_port, std::size_t payload) noexcept {
    store16(into, 0, source_port);
    store16(into, 2, destination_port);
    store16(into, 4, static_cast<std::uint16_t>(udp_length + payload));
    store16(into, udp_checksum_offset, 0);
}

} // namespace netstack::wire
