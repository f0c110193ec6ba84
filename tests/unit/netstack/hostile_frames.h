// Frames and questions that are nearly right, and reading them as the stack does: for unit tests and fuzzers.
#pragma once

#include "tests/unit/netstack/choices.h"

#include "netstack/dns/message.h"
#include "netstack/reassembly.h"
#include "netstack/wire/checksum.h"
#include "netstack/wire/ethernet.h"
#include "netstack/wire/icmp.h"
#include "netstack/wire/ip.h"
#include "netstack/wire/tcp.h"
#include "netstack/wire/udp.h"
#include "netstack/wire/vnet.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace hostile {

using namespace netstack;
using namespace netstack::wire;
namespace flag = tcp_flag;

using Frame = std::vector<std::byte>;

inline const Address container_v4 = Address::v4(0x0a580002), other_v4 = Address::v4(0xc0000201);

/// A right one: its kinds are what a container sends.
inline Frame good_frame(Choices& choices) {
    Frame frame(vnet_length + ethernet_length + 20 + 60);
    const std::size_t ip_at = vnet_length + ethernet_length;
    build_vnet(frame, {});
    const std::uint32_t kind = choices.below(4);
    build_ethernet(MutableBytes(frame).subspan(vnet_length), {}, {}, kind == 0 ? ethertype_arp : ethertype_ipv4);
    if (kind == 0) {
        build_arp(MutableBytes(frame).subspan(ip_at), {ArpView::request, {}, container_v4, {}, other_v4});
        return frame;
    }
    const std::uint8_t protocol = kind == 1 ? protocol_tcp : kind == 2 ? protocol_udp : protocol_icmp;
    build_ip(MutableBytes(frame).subspan(ip_at), {container_v4, other_v4, protocol, 64, frame.size() - ip_at - 20});
    const MutableBytes transport = MutableBytes(frame).subspan(ip_at + 20);
    if (kind == 1) build_tcp(transport, {40000, 80, 1, 2, flag::syn, 1000}, {1460, 7});
    if (kind == 2) build_udp(transport, 40000, 53, transport.size() - udp_length);
    if (kind == 3) build_unreachable(transport, true, Unreachable::port, 0);
    return frame;
}

inline void spoil(Choices& choices, Frame& frame) {
    for (std::uint32_t changes = choices.below(5); changes > 0; --changes) {
        if (frame.empty()) return;
        switch (choices.below(4)) {
        case 0: frame[choices.below(static_cast<std::uint32_t>(frame.size()))] = static_cast<std::byte>(choices.below(256)); break;
        case 1: frame.resize(choices.below(static_cast<std::uint32_t>(frame.size()) + 1)); break;
        case 2: frame.resize(frame.size() + choices.below(100)); break;
        default: frame[choices.below(static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 60)))] ^= std::byte{1}; break;
        }
    }
}

/// Where `part` is, it is inside of `whole`.
inline bool lies_within(Bytes part, Bytes whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// Everything that the stack would look at.
inline void read_transport(const IpView& packet) {
    if (const auto tcp = TcpView::parse(packet.payload())) {
        expect(lies_within(tcp->payload(), packet.payload()));
        const TcpOptions options = tcp->options();
        if (options.window_scale) expect(*options.window_scale <= 14);
    }
    if (const auto udp = UdpView::parse(packet.payload())) {
        expect(lies_within(udp->payload(), packet.payload()));
        if (const auto query = dns::Query::parse(udp->payload())) {
            expect(lies_within(query->question(), udp->payload()));
            expect(query->name().size() <= 255);
            std::array<std::byte, dns::largest_reply> reply;
            expect(dns::build_reply(reply, *query, dns::Code::refused) <= reply.size());
        }
        (void)dns::is_answer(udp->payload(), 1, udp->payload());
    }
    if (const auto icmp = IcmpView::parse(packet.payload())) {
        expect(lies_within(icmp->payload(), packet.payload()));
        (void)icmp->solicited();
    }
}

inline void read_frame(Reassembly& reassembly, const Frame& frame, std::int64_t now) {
    (void)parse_vnet(frame);
    if (frame.size() < vnet_length) return;
    const auto ethernet = EthernetView::parse(Bytes(frame).subspan(vnet_length));
    if (!ethernet) return;
    if (const auto arp = ArpView::parse(ethernet->payload())) (void)(arp->sender() == arp->target());
    const auto packet = IpView::parse(ethernet->payload());
    if (!packet) return;
    expect(lies_within(packet->packet(), ethernet->payload()));
    expect(lies_within(packet->payload(), packet->packet()));
    if (packet->fragment().is_whole()) return read_transport(*packet);
    if (const auto whole = reassembly.add(*packet, now)) read_transport(*whole);
}

/// A question for a name, mostly.
inline Frame dns_query(Choices& choices) {
    Frame message(12);
    message[2] = std::byte{1}; // recursion desired
    message[5] = std::byte{1}; // one question
    for (std::uint32_t labels = choices.below(6); labels > 0; --labels) {
        const std::uint32_t length = choices.below(66);
        message.push_back(static_cast<std::byte>(length));
        for (std::uint32_t i = 0; i < length; ++i) message.push_back(static_cast<std::byte>('a' + choices.below(26)));
    }
    for (const int byte : {0, 0, 1, 0, 1}) message.push_back(static_cast<std::byte>(byte));
    return message;
}

/// A message to the name server, read and answered.
inline void read_question(const Frame& message) {
    const auto query = dns::Query::parse(message);
    if (!query) return;
    expect(lies_within(query->question(), message));
    std::array<std::byte, dns::largest_reply> reply;
    const std::size_t size = dns::build_address_reply(reply, *query, other_v4.wire());
    expect(size <= reply.size());
    expect(dns::is_answer(Bytes(reply).first(size), query->id(), query->question()));
}

} // namespace hostile
