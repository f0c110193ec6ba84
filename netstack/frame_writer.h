// Frames to the container: headers in front of payloads that stay where they are, checksums left to whoever needs them.
#pragma once

#include "netstack/counters.h"
#include "netstack/link.h"
#include "netstack/tcp/connection.h"
#include "netstack/wire/address.h"
#include "netstack/wire/ethernet.h"
#include "netstack/wire/icmp.h"
#include "netstack/wire/ip.h"
#include "netstack/wire/vnet.h"

#include <array>
#include <cstdint>

namespace netstack {

/// Ends of a packet to the container.
struct Ends {
    wire::Address source;
    wire::Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    bool operator==(const Ends&) const noexcept = default;
};

class FrameWriter {
public:
    /// `counters`: where what is sent is counted.
    FrameWriter(Link& link, const wire::MacAddress& own, LinkFeatures features, Counters& counters) noexcept
        : link_(link), own_(own), features_(features), counters_(counters) {}

    /// To whom; learned from what the container sends.
    void set_peer(const wire::MacAddress& mac) noexcept { peer_ = mac; }
    const wire::MacAddress& own_mac() const noexcept { return own_; }

    void send_tcp(const Ends& ends, const tcp::Segment& segment) noexcept;
    /// `payload` may be several datagrams of `segment_size` bytes, the last perhaps shorter; 0: it is one.
    void send_udp(const Ends& ends, wire::Bytes payload, std::size_t segment_size) noexcept;
    /// `message` has its checksum field zero. ICMP or ICMPv6 by the family of the addresses; hop limit 255 is what neighbour
    /// discovery wants (RFC 4861, 7.1).
    void send_icmp(const wire::Address& source, const wire::Address& destination, std::span<std::byte> message,
                   wire::Bytes payload, std::uint8_t hop_limit = 64) noexcept;
    /// "What you sent cannot be delivered." Nothing for what must not be answered so (RFC 1122 3.2.2, RFC 4443 2.4 (e)).
    void send_unreachable(const wire::Address& from, const wire::IpView& packet, wire::Unreachable why, std::uint32_t mtu = 0) noexcept;
    void send_arp(const wire::ArpRepr& arp) noexcept;

private:
    /// Headers of a frame as they are filled in: vnet and Ethernet first.
    struct Head {
        std::array<std::byte, 128> bytes{};
        std::size_t size = wire::vnet_length + wire::ethernet_length;
        wire::MutableBytes rest() noexcept { return wire::MutableBytes(bytes).subspan(size); }
    };
    void add_ip(Head& head, const wire::IpRepr& ip) noexcept;
    /// `traffic`: of its protocol, where it has one that is counted.
    void send(Head& head, std::uint16_t ethertype, wire::VnetHeader vnet, const tcp::Pieces<wire::Bytes>& payload, Traffic* traffic) noexcept;

    Link& link_;
    wire::MacAddress own_;
    wire::MacAddress peer_{{std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}}};
    LinkFeatures features_;
    Counters& counters_;
};

} // namespace netstack
