// Parsing and building of IP headers; see netstack/wire/ip.h.
#include "netstack/wire/ip.h"

#include "netstack/wire/checksum.h"

namespace netstack::wire {
namespace {

constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t fragment_header = 44;
constexpr std::uint8_t destination_options = 60;
constexpr int most_extensions = 8; ///< a chain longer than this is an attack on our time

constexpr std::uint16_t dont_fragment = 0x4000;
constexpr std::uint16_t more_fragments = 0x2000;
constexpr std::uint16_t offset_mask = 0x1fff;

} // namespace

std::optional<IpView> IpView::parse(Bytes packet) noexcept {
    if (packet.empty()) return std::nullopt;
    switch (load8(packet, 0) >> 4) {
    case 4: return parse_v4(packet);
    case 6: return parse_v6(packet);
    default: return std::nullopt;
    }
}

std::optional<IpView> IpView::parse_v4(Bytes packet) noexcept {
    if (packet.size() < ipv4_length) return std::nullopt;
    const std::size_t header = std::size_t{4} * (load8(packet, 0) & 0xf);
    const std::size_t total = load16(packet, 2);
    if (header < ipv4_length || total < header || total > packet.size()) return std::nullopt;
    Sum sum;
    sum.add(packet.first(header));
    if (sum.finish() != 0) return std::nullopt;
    IpView view;
    view.v4_ = true;
    view.packet_ = packet.first(total);
    view.payload_ = view.packet_.subspan(header);
    const std::uint16_t fragment = load16(packet, 6);
    view.fragment_ = {load16(packet, 4), static_cast<std::uint16_t>((fragment & offset_mask) * 8), (fragment & more_fragments) != 0};
    view.hop_limit_ = load8(packet, 8);
    view.protocol_ = load8(packet, 9);
    view.source_ = Address::from_v4(packet.subspan(12, 4));
    view.destination_ = Address::from_v4(packet.subspan(16, 4));
    return view;
}

std::optional<IpView> IpView::parse_v6(Bytes packet) noexcept {
    if (packet.size() < ipv6_length) return std::nullopt;
    const std::size_t length = load16(packet, 4);
    if (ipv6_length + length > packet.size()) return std::nullopt; // no jumbograms: the MTU is below
    IpView view;
    view.packet_ = packet.first(ipv6_length + length);
    view.payload_ = view.packet_.subspan(ipv6_length);
    view.protocol_ = load8(packet, 6);
    view.hop_limit_ = load8(packet, 7);
    view.source_ = Address::from_v6(packet.subspan(8, 16));
    view.destination_ = Address::from_v6(packet.subspan(24, 16));
    if (view.source_.is_v4() || view.destination_.is_v4()) return std::nullopt; // ::ffff:0:0/96 is never on a wire (RFC 6890)
    for (int i = 0; i < most_extensions; ++i) {
        const bool is_fragment = view.protocol_ == fragment_header;
        if (!is_fragment && view.protocol_ != hop_by_hop && view.protocol_ != destination_options) return view;
        if (view.payload_.size() < 8) return std::nullopt;
        const std::size_t size = is_fragment ? 8 : (std::size_t{load8(view.payload_, 1)} + 1) * 8;
        if (view.payload_.size() < size) return std::nullopt;
        if (is_fragment) {
            const std::uint16_t bits = load16(view.payload_, 2);
            view.fragment_ = {load32(view.payload_, 4), static_cast<std::uint16_t>(bits & 0xfff8), (bits & 1) != 0};
        }
        view.protocol_ = load8(view.payload_, 0);
        view.payload_ = view.payload_.subspan(size);
        if (is_fragment && !view.fragment_.is_whole()) return view; // what follows is a part of something
    }
    return std::nullopt;
}

void build_ip(MutableBytes into, const IpRepr& ip) noexcept {
    if (!ip.source.is_v4()) {
        store32(into, 0, 0x60000000);
        store16(into, 4, static_cast<std::uint16_t>(ip.payload));
        store8(into, 6, ip.protocol);
        store8(into, 7, ip.hop_limit);
        store_bytes(into, 8, ip.source.wire());
        store_bytes(into, 24, ip.destination.wire());
        return;
    }
    store16(into, 0, 0x4500);
    store16(into, 2, static_cast<std::uint16_t>(ipv4_length + ip.payload));
    store16(into, 4, 0); // no fragment will need an id (RFC 6864)
    store16(into, 6, dont_fragment);
    store8(into, 8, ip.hop_limit);
    store8(into, 9, ip.protocol);
    store16(into, 10, 0);
    store_bytes(into, 12, ip.source.wire());
    store_bytes(into, 16, ip.destination.wire());
    Sum sum;
    sum.add(into.first(ipv4_length));
    store16(into, 10, sum.finish());
}

} // namespace netstack::wire
