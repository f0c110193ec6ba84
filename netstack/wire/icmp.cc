// Building of ICMP and ICMPv6 messages; see netstack/wire/icmp.h.
#include "netstack/wire/icmp.h"

#include <algorithm>

namespace netstack::wire {
namespace {

struct TypeAndCode {
    std::uint8_t type;
    std::uint8_t code;
};

TypeAndCode words_v4(Unreachable why) noexcept {
    switch (why) {
    case Unreachable::network: return {icmp::unreachable, 0};
    case Unreachable::host: return {icmp::unreachable, 1};
    case Unreachable::port: return {icmp::unreachable, 3};
    case Unreachable::too_big: return {icmp::unreachable, 4};
    case Unreachable::prohibited: break;
    }
    return {icmp::unreachable, 13};
}

TypeAndCode words_v6(Unreachable why) noexcept {
    switch (why) {
    case Unreachable::network: return {icmp6::unreachable, 0};
    case Unreachable::host: return {icmp6::unreachable, 3};
    case Unreachable::port: return {icmp6::unreachable, 4};
    case Unreachable::too_big: return {icmp6::too_big, 0};
    case Unreachable::prohibited: break;
    }
    return {icmp6::unreachable, 1};
}

void store_type(MutableBytes into, std::uint8_t type, std::uint8_t code) noexcept {
    store8(into, 0, type);
    store8(into, 1, code);
    store16(into, icmp_checksum_offset, 0);
}

constexpr std::uint8_t option_link_address_source = 1;
constexpr std::uint8_t option_link_address_target = 2;
constexpr std::uint8_t option_prefix = 3;
constexpr std::uint8_t option_mtu = 5;

void store_link_address(MutableBytes into, std::size_t at, std::uint8_t option, const MacAddress& mac) noexcept {
    store8(into, at, option);
    store8(into, at + 1, 1); // units of eight bytes
    store_bytes(into, at + 2, mac);
}

} // namespace

void build_unreachable(MutableBytes into, bool v4, Unreachable why, std::uint32_t mtu) noexcept {
    const TypeAndCode words = v4 ? words_v4(why) : words_v6(why);
    store_type(into, words.type, words.code);
    if (why != Unreachable::too_big) mtu = 0;
    store32(into, 4, v4 ? std::min(mtu, std::uint32_t{0xffff}) : mtu); // RFC 1191 has 16 bits for it, RFC 4443 has 32
}

void build_neighbor_advertisement(MutableBytes into, const Address& target, const MacAddress& mac) noexcept {
    store_type(into, icmp6::neighbor_advertisement, 0);
    store32(into, 4, 0xe0000000); // router, solicited, override
    store_bytes(into, 8, target.all());
    store_link_address(into, 24, option_link_address_target, mac);
}

void build_router_advertisement(MutableBytes into, const RouterRepr& router) noexcept {
    store_type(into, icmp6::router_advertisement, 0);
    store8(into, 4, 64); // hop limit
    store8(into, 5, 0);  // neither managed nor other configuration: there is no DHCPv6
    store16(into, 6, router.lifetime);
    store32(into, 8, 0);  // reachable time and
    store32(into, 12, 0); // retransmission time: unspecified
    store_link_address(into, 16, option_link_address_source, router.mac);
    store8(into, 24, option_mtu);
    store8(into, 25, 1);
    store16(into, 26, 0);
    store32(into, 28, router.mtu);
    store8(into, 32, option_prefix);
    store8(into, 33, 4);
    store8(into, 34, 64);
    store8(into, 35, 0x80); // on the link
    store32(into, 36, 0xffffffff); // valid for ever
    store32(into, 40, 0xffffffff);
    store32(into, 44, 0);
    store_bytes(into, 48, router.prefix.all());
}

} // namespace netstack::wire
