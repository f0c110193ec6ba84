// Ethernet II frames, and ARP for IPv4 on them (RFC 826).
#pragma once

#include "netstack/wire/address.h"
#include "netstack/wire/bytes.h"

#include <array>
#include <cstdint>
#include <optional>

namespace netstack::wire {

using MacAddress = std::array<std::byte, 6>;

inline constexpr std::uint16_t ethertype_ipv4 = 0x0800;
inline constexpr std::uint16_t ethertype_arp = 0x0806;
inline constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
inline constexpr std::size_t ethernet_length = 14;

inline MacAddress mac_at(Bytes b, std::size_t at) noexcept {
    MacAddress mac;
    std::memcpy(mac.data(), b.subspan(at, mac.size()).data(), mac.size());
    return mac;
}

class EthernetView {
public:
    static std::optional<EthernetView> parse(Bytes b) noexcept {
        if (b.size() < ethernet_length) return std::nullopt;
        return EthernetView(b);
    }
    MacAddress destination() const noexcept { return mac_at(b_, 0); }
    MacAddress source() const noexcept { return mac_at(b_, 6); }
    std::uint16_t type() const noexcept { return load16(b_, 12); }
    Bytes payload() const noexcept { return b_.subspan(ethernet_length); }

private:
    explicit EthernetView(Bytes b) noexcept : b_(b) {}
    Bytes b_;
};

/// `into` has ethernet_length bytes.
inline void build_ethernet(MutableBytes into, const MacAddress& destination, const MacAddress& source, std::uint16_t type) noexcept {
    store_bytes(into, 0, destination);
    store_bytes(into, 6, source);
    store16(into, 12, type);
}

inline constexpr std::size_t arp_length = 28;

/// A request or reply between Ethernet and IPv4 addresses; nothing else is ARP to us.
class ArpView {
public:
    static constexpr std::uint16_t request = 1;
    static constexpr std::uint16_t reply = 2;

    static std::optional<ArpView> parse(Bytes b) noexcept {
        if (b.size() < arp_length) return std::nullopt;
        if (load16(b, 0) != 1 || load16(b, 2) != ethertype_ipv4 || load8(b, 4) != 6 || load8(b, 5) != 4) return std::nullopt;
        return ArpView(b.first(arp_length));
    }
    std::uint16_t operation() const noexcept { return load16(b_, 6); }
    MacAddress sender_mac() const noexcept { return mac_at(b_, 8); }
    Address sender() const noexcept { return Address::from_v4(b_.subspan(14, 4)); }
    Address target() const noexcept { return Address::from_v4(b_.subspan(24, 4)); }

private:
    explicit ArpView(Bytes b) noexcept : b_(b) {}
    Bytes b_;
};

struct ArpRepr {
    std::uint16_t operation = ArpView::reply;
    MacAddress sender_mac{};
    Address sender; ///< v4
    MacAddress target_mac{};
    Address target; ///< v4
};

/// `into` has arp_length bytes.
inline void build_arp(MutableBytes into, const ArpRepr& arp) noexcept {
    store16(into, 0, 1);
    store16(into, 2, ethertype_ipv4);
    store8(into, 4, 6);
    store8(into, 5, 4);
    store16(into, 6, arp.operation);
    store_bytes(into, 8, arp.sender_mac);
    store_bytes(into, 14, arp.sender.wire());
    store_bytes(into, 18, arp.target_mac);
    store_bytes(into, 24, arp.target.wire());
}

} // namespace netstack::wire
