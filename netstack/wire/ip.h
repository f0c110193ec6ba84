// IPv4 (RFC 791) and IPv6 (RFC 8200) headers behind one face: IpView says where the packet goes and what it carries.
#pragma once

#include "netstack/wire/address.h"
#include "netstack/wire/bytes.h"

#include <cstdint>
#include <optional>

namespace netstack::wire {

inline constexpr std::size_t ipv4_length = 20; ///< without options, as we build it
inline constexpr std::size_t ipv6_length = 40;
constexpr std::size_t ip_length(bool v4) noexcept { return v4 ? ipv4_length : ipv6_length; }

/// Where a fragment belongs; `offset` 0 and no more of them: the packet is whole.
struct Fragment {
    std::uint32_t id = 0;
    std::uint16_t offset = 0; ///< bytes, a multiple of 8
    bool more = false;
    bool is_whole() const noexcept { return offset == 0 && !more; }
};

class IpView {
public:
    /// Of either version, by its first four bits. Lengths that do not fit, a wrong IPv4 header checksum and IPv6 extension
    /// headers other than hop-by-hop, destination options and fragment give nothing; so do routing headers (RFC 5095).
    static std::optional<IpView> parse(Bytes packet) noexcept;

    bool is_v4() const noexcept { return v4_; }
    const Address& source() const noexcept { return source_; }
    const Address& destination() const noexcept { return destination_; }
    std::uint8_t protocol() const noexcept { return protocol_; } ///< of the payload, behind extension headers
    std::uint8_t hop_limit() const noexcept { return hop_limit_; }
    const Fragment& fragment() const noexcept { return fragment_; }
    Bytes payload() const noexcept { return payload_; }
    Bytes packet() const noexcept { return packet_; } ///< header and payload, without what Ethernet padded

private:
    static std::optional<IpView> parse_v4(Bytes packet) noexcept;
    static std::optional<IpView> parse_v6(Bytes packet) noexcept;

    Bytes packet_;
    Bytes payload_;
    Address source_;
    Address destination_;
    Fragment fragment_;
    std::uint8_t protocol_ = 0;
    std::uint8_t hop_limit_ = 0;
    bool v4_ = false;
};

struct IpRepr {
    Address source;
    Address destination;       ///< of the same family
    std::uint8_t protocol = 0;
    std::uint8_t hop_limit = 64;
    std::size_t payload = 0;   ///< bytes behind the header; together at most 65535
};

/// `into` has ip_length() bytes. IPv4 packets say "do not fragment": a TAP's MTU holds for both ends.
void build_ip(MutableBytes into, const IpRepr& ip) noexcept;

} // namespace netstack::wire
