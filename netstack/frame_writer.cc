// See netstack/frame_writer.h.
#include "netstack/frame_writer.h"

#include "netstack/wire/checksum.h"
#include "netstack/wire/udp.h"

#include <algorithm>

namespace netstack {
namespace {

std::uint16_t ethertype_of(const wire::Address& address) noexcept {
    return address.is_v4() ? wire::ethertype_ipv4 : wire::ethertype_ipv6;
}

/// What a header's checksum field starts from, when the kernel is to finish it (VIRTIO_NET_HDR_F_NEEDS_CSUM).
std::uint16_t partial_checksum(const wire::Address& source, const wire::Address& destination, std::uint8_t protocol, std::size_t length) noexcept {
    wire::Sum sum;
    sum.add_pseudo_header(source, destination, protocol, length);
    return sum.folded();
}

} // namespace

void FrameWriter::add_ip(Head& head, const wire::IpRepr& ip) noexcept {
    wire::build_ip(head.rest(), ip);
    head.size += wire::ip_length(ip.source.is_v4());
}

void FrameWriter::send(Head& head, std::uint16_t ethertype, wire::VnetHeader vnet, const tcp::Pieces<wire::Bytes>& payload,
                       Traffic* traffic) noexcept {
    wire::build_vnet(head.bytes, vnet);
    wire::build_ethernet(wire::MutableBytes(head.bytes).subspan(wire::vnet_length), peer_, own_, ethertype);
    const auto piece = [](wire::Bytes b) noexcept { return iovec{const_cast<std::byte*>(b.data()), b.size()}; };
    const std::array<iovec, 3> pieces{{{head.bytes.data(), head.size}, piece(payload.first), piece(payload.second)}};
    const std::size_t count = payload.second.empty() ? (payload.first.empty() ? 1 : 2) : 3;
    if (!link_.write(std::span(pieces).first(count))) {
        ++counters_.link.lost;
        return;
    }
    const std::size_t size = head.size - wire::vnet_length + payload.size();
    counters_.link.to_container.add(size);
    if (traffic != nullptr) traffic->add(size);
}

void FrameWriter::send_tcp(const Ends& ends, const tcp::Segment& segment) noexcept {
    Head head;
    const bool v4 = ends.source.is_v4();
    std::array<std::byte, wire::tcp_length + wire::tcp_syn_options> tcp{};
    const std::size_t length = wire::build_tcp(tcp,
        {ends.source_port, ends.destination_port, segment.sequence, segment.acknowledgment, segment.flags, segment.window}, segment.options);
    const std::size_t payload = segment.payload.size();
    wire::store16(tcp, wire::tcp_checksum_offset, partial_checksum(ends.source, ends.destination, wire::protocol_tcp, length + payload));
    add_ip(head, {ends.source, ends.destination, wire::protocol_tcp, 64, length + payload});
    wire::VnetHeader vnet;
    vnet.needs_checksum = true;
    vnet.checksum_start = static_cast<std::uint16_t>(head.size - wire::vnet_length);
    vnet.checksum_offset = wire::tcp_checksum_offset;
    wire::store_bytes(head.rest(), 0, wire::Bytes(tcp).first(length));
    head.size += length;
    if (payload > segment.mss) {
        vnet.segmentation = v4 ? wire::Segmentation::tcp4 : wire::Segmentation::tcp6;
        vnet.segment_size = segment.mss;
        vnet.header_length = static_cast<std::uint16_t>(head.size - wire::vnet_length);
    }
    send(head, ethertype_of(ends.source), vnet, segment.payload, &counters_.tcp.to_container);
}

void FrameWriter::send_udp(const Ends& ends, wire::Bytes payload, std::size_t segment_size) noexcept {
    const bool several = segment_size != 0 && payload.size() > segment_size;
    if (several && !features_.udp_segmentation) {
        for (; !payload.empty(); payload = payload.subspan(std::min(segment_size, payload.size())))
            send_udp(ends, payload.first(std::min(segment_size, payload.size())), 0);
        return;
    }
    Head head;
    const std::size_t length = wire::udp_length + payload.size();
    add_ip(head, {ends.source, ends.destination, wire::protocol_udp, 64, length});
    wire::VnetHeader vnet;
    vnet.needs_checksum = true;
    vnet.checksum_start = static_cast<std::uint16_t>(head.size - wire::vnet_length);
    vnet.checksum_offset = wire::udp_checksum_offset;
    wire::build_udp(head.rest(), ends.source_port, ends.destination_port, payload.size());
    wire::store16(head.rest(), wire::udp_checksum_offset, partial_checksum(ends.source, ends.destination, wire::protocol_udp, length));
    head.size += wire::udp_length;
    if (several) {
        vnet.segmentation = wire::Segmentation::udp;
        vnet.segment_size = static_cast<std::uint16_t>(segment_size);
        vnet.header_length = static_cast<std::uint16_t>(head.size - wire::vnet_length);
    }
    send(head, ethertype_of(ends.source), vnet, {payload, {}}, &counters_.udp.to_container);
}

void FrameWriter::send_icmp(const wire::Address& source, const wire::Address& destination, std::span<std::byte> message,
                            wire::Bytes payload, std::uint8_t hop_limit) noexcept {
    const bool v4 = source.is_v4();
    const std::size_t length = message.size() + payload.size();
    const std::uint8_t protocol = v4 ? wire::protocol_icmp : wire::protocol_icmp6;
    wire::Sum sum;
    if (!v4) sum.add_pseudo_header(source, destination, protocol, length);
    sum.add(message);
    sum.add(payload);
    wire::store16(message, wire::icmp_checksum_offset, sum.finish());
    Head head;
    add_ip(head, {source, destination, protocol, hop_limit, length});
    wire::store_bytes(head.rest(), 0, message);
    head.size += message.size();
    send(head, ethertype_of(source), {}, {payload, {}}, &counters_.icmp.to_container);
}

void FrameWriter::send_unreachable(const wire::Address& from, const wire::IpView& packet, wire::Unreachable why, std::uint32_t mtu) noexcept {
    if (packet.destination().is_multicast() || packet.source().is_multicast() || packet.source().is_unspecified()) return;
    if (packet.fragment().offset != 0) return;
    const bool v4 = packet.is_v4();
    if (packet.protocol() == (v4 ? wire::protocol_icmp : wire::protocol_icmp6)) { // never an error about an error
        const auto icmp = wire::IcmpView::parse(packet.payload());
        if (!icmp || icmp->type() != (v4 ? wire::icmp::echo_request : wire::icmp6::echo_request)) return;
    }
    std::array<std::byte, wire::icmp_length> message{};
    wire::build_unreachable(message, v4, why, mtu);
    const std::size_t quoted = std::min(packet.packet().size(), wire::most_quoted(v4));
    send_icmp(from, packet.source(), message, packet.packet().first(quoted));
}

void FrameWriter::send_arp(const wire::ArpRepr& arp) noexcept {
    Head head;
    wire::build_arp(head.rest(), arp);
    head.size += wire::arp_length;
    send(head, wire::ethertype_arp, {}, {}, nullptr);
}

} // namespace netstack
