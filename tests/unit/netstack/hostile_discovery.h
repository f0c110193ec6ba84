// Neighbour discovery that is nearly right: for unit tests and fuzzers.
#pragma once

#include "tests/unit/netstack/choices.h"

#include "netstack/neighbors.h"
#include "netstack/wire/checksum.h"

#include <algorithm>
#include <array>
#include <vector>

namespace hostile {

using namespace netstack;
using namespace netstack::wire;

/// The container's end of the link: what comes must be right.
class WatchingLink final : public Link {
public:
    ssize_t read(MutableBytes) noexcept override { return 0; }
    bool write(std::span<const iovec> pieces) noexcept override {
        std::vector<std::byte> frame;
        for (const iovec& piece : pieces) frame.insert(frame.end(), static_cast<const std::byte*>(piece.iov_base), static_cast<const std::byte*>(piece.iov_base) + piece.iov_len);
        const auto ethernet = EthernetView::parse(Bytes(frame).subspan(vnet_length));
        expect(ethernet.has_value() && ethernet->type() == ethertype_ipv6);
        const auto packet = IpView::parse(ethernet->payload());
        expect(packet.has_value() && packet->protocol() == protocol_icmp6 && packet->hop_limit() == 255);
        Sum sum;
        sum.add_pseudo_header(packet->source(), packet->destination(), protocol_icmp6, packet->payload().size());
        sum.add(packet->payload());
        expect(sum.finish() == 0);
        const auto message = IcmpView::parse(packet->payload());
        expect(message.has_value() && (message->type() == icmp6::neighbor_advertisement || message->type() == icmp6::router_advertisement));
        ++answers;
        return true;
    }
    int answers = 0;
};

class Discovery {
public:
    void hear(Choices& choices) {
        std::vector<std::byte> bytes(ipv6_length + icmp_length + choices.below(64));
        const std::size_t length = bytes.size() - ipv6_length;
        const Address targets[] = {policy_.addresses().gateway_v6, gateway_link_local(), policy_.addresses().container_v6, {}};
        build_ip(bytes, {targets[choices.below(4)], targets[choices.below(4)], protocol_icmp6, static_cast<std::uint8_t>(255 - choices.below(2)), length});
        const MutableBytes message = MutableBytes(bytes).subspan(ipv6_length);
        store8(message, 0, static_cast<std::uint8_t>(132 + choices.below(6)));
        store8(message, 1, static_cast<std::uint8_t>(choices.below(2)));
        if (length >= icmp_length + 16) store_bytes(message, icmp_length, targets[choices.below(4)].all());
        for (std::uint32_t changes = choices.below(4); changes > 0; --changes) bytes[choices.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::byte>(choices.below(256));
        const auto packet = IpView::parse(bytes);
        const auto heard = packet ? IcmpView::parse(packet->payload()) : std::nullopt;
        if (!heard) return;
        const int before = link_.answers;
        const bool is_discovery = answer_discovery(around_, *packet, *heard);
        expect(link_.answers - before <= (is_discovery ? 1 : 0));
        expect(link_.answers == before || packet->hop_limit() == 255); // what was forwarded is never answered
    }
    int answers() const { return link_.answers; }

private:
    WatchingLink link_;
    Counters counters_;
    EventLoop loop_;
    FrameWriter frames_{link_, {}, {}, counters_};
    Policy policy_{default_special_addresses(), {}};
    Surroundings around_{frames_, loop_, policy_, counters_, 1500};
};

} // namespace hostile
