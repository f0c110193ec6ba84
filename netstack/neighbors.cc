// See netstack/neighbors.h.
#include "netstack/neighbors.h"

#include <array>

namespace netstack {
namespace {

constexpr std::uint8_t discovery_hop_limit = 255; ///< nothing that was forwarded has it (RFC 4861, 6.1 and 7.1)
constexpr std::uint16_t router_lifetime = 9000;   ///< seconds; the longest

wire::Address all_nodes() noexcept {
    std::array<std::byte, 16> bytes{{std::byte{0xff}, std::byte{0x02}}};
    bytes[15] = std::byte{1};
    return wire::Address::from_v6(bytes);
}

void advertise_neighbor(Surroundings& around, const wire::IpView& packet, const wire::Address& target) noexcept {
    if (target != around.policy.addresses().gateway_v6 && target != gateway_link_local()) return;
    std::array<std::byte, wire::neighbor_advertisement_length> message{};
    wire::build_neighbor_advertisement(message, target, around.frames.own_mac());
    // One that asks without an address of its own wants to know whether ours is free (RFC 4862, 5.4): everybody is told.
    const wire::Address to = packet.source().is_unspecified() ? all_nodes() : packet.source();
    around.frames.send_icmp(target, to, message, {}, discovery_hop_limit);
}

void advertise_router(Surroundings& around) noexcept {
    std::array<std::byte, wire::router_advertisement_length> message{};
    wire::RouterRepr router{around.frames.own_mac(), around.policy.addresses().link_v6.address, around.mtu, router_lifetime};
    wire::build_router_advertisement(message, router);
    around.frames.send_icmp(gateway_link_local(), all_nodes(), message, {}, discovery_hop_limit);
}

} // namespace

wire::Address gateway_link_local() noexcept {
    std::array<std::byte, 16> bytes{{std::byte{0xfe}, std::byte{0x80}}};
    bytes[15] = std::byte{1};
    return wire::Address::from_v6(bytes);
}

void answer_arp(Surroundings& around, const wire::ArpView& arp) noexcept {
    if (arp.operation() != wire::ArpView::request || arp.target() != around.policy.addresses().gateway_v4) return;
    around.frames.set_peer(arp.sender_mac());
    around.frames.send_arp({wire::ArpView::reply, around.frames.own_mac(), arp.target(), arp.sender_mac(), arp.sender()});
}

bool answer_discovery(Surroundings& around, const wire::IpView& packet, const wire::IcmpView& message) noexcept {
    if (message.type() < wire::icmp6::router_solicitation || message.type() > wire::icmp6::neighbor_advertisement) return false;
    if (packet.hop_limit() != discovery_hop_limit || message.code() != 0) return true;
    if (message.type() == wire::icmp6::router_solicitation) advertise_router(around);
    if (const auto target = message.solicited()) advertise_neighbor(around, packet, *target);
    return true;
}

} // namespace netstack
