// ICMP (RFC 792) and ICMPv6 (RFC 4443): echo and unreachables; the parts of neighbour discovery (RFC 4861) a router needs.
#pragma once

#include "netstack/wire/address.h"
#include "netstack/wire/bytes.h"
#include "netstack/wire/ethernet.h"

#include <cstdint>
#include <optional>

namespace netstack::wire {

inline constexpr std::size_t icmp_length = 8;          ///< type, code, checksum, four bytes of the type's own
inline constexpr std::size_t icmp_checksum_offset = 2;

namespace icmp {
inline constexpr std::uint8_t echo_reply = 0;
inline constexpr std::uint8_t unreachable = 3;
inline constexpr std::uint8_t echo_request = 8;
} // namespace icmp
namespace icmp6 {
inline constexpr std::uint8_t unreachable = 1;
inline constexpr std::uint8_t too_big = 2;
inline constexpr std::uint8_t echo_request = 128;
inline constexpr std::uint8_t echo_reply = 129;
inline constexpr std::uint8_t router_solicitation = 133;
inline constexpr std::uint8_t router_advertisement = 134;
inline constexpr std::uint8_t neighbor_solicitation = 135;
inline constexpr std::uint8_t neighbor_advertisement = 136;
} // namespace icmp6

class IcmpView {
public:
    static std::optional<IcmpView> parse(Bytes b) noexcept {
        if (b.size() < icmp_length) return std::nullopt;
        return IcmpView(b);
    }
    std::uint8_t type() const noexcept { return load8(b_, 0); }
    std::uint8_t code() const noexcept { return load8(b_, 1); }
    std::uint16_t echo_id() const noexcept { return load16(b_, 4); }
    std::uint16_t echo_sequence() const noexcept { return load16(b_, 6); }
    Bytes payload() const noexcept { return b_.subspan(icmp_length); }
    Bytes all() const noexcept { return b_; }
    /// Of a neighbour solicitation: whose link address is asked for.
    std::optional<Address> solicited() const noexcept {
        if (type() != icmp6::neighbor_solicitation || b_.size() < icmp_length + 16) return std::nullopt;
        return Address::from_v6(b_.subspan(icmp_length, 16));
    }

private:
    explicit IcmpView(Bytes b) noexcept : b_(b) {}
    Bytes b_;
};

/// Why a packet cannot be delivered, in the words both families share.
enum class Unreachable : std::uint8_t { network, host, port, prohibited, too_big };

/// Writes the eight bytes before the quoted packet, checksum zero. `mtu` counts for too_big.
void build_unreachable(MutableBytes into, bool v4, Unreachable why, std::uint32_t mtu) noexcept;
/// How much of a packet an error quotes: as much as stays below the least MTU (RFC 1812 4.3.2.3, RFC 4443 2.4 (c)).
constexpr std::size_t most_quoted(bool v4) noexcept { return v4 ? 576 - 20 - 8 : 1280 - 40 - 8; }

inline constexpr std::size_t neighbor_advertisement_length = 32;
/// The answer to a solicitation, checksum zero.
void build_neighbor_advertisement(MutableBytes into, const Address& target, const MacAddress& mac) noexcept;

struct RouterRepr {
    MacAddress mac{};
    Address prefix;          ///< v6, 64 bits of it on the link; addresses are given statically, so without the A flag
    std::uint32_t mtu = 0;
    std::uint16_t lifetime = 0; ///< seconds
};
inline constexpr std::size_t router_advertisement_length = 64;
void build_router_advertisement(MutableBytes into, const RouterRepr& router) noexcept;

} // namespace netstack::wire
