// The Internet checksum (RFC 1071), and the pseudo-header sums of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 768, RFC 8200 8.1).
#pragma once

#include "netstack/wire/address.h"
#include "netstack/wire/bytes.h"

#include <cstdint>

namespace netstack::wire {

/// Protocol numbers (IANA), in both families.
inline constexpr std::uint8_t protocol_icmp = 1;
inline constexpr std::uint8_t protocol_tcp = 6;
inline constexpr std::uint8_t protocol_udp = 17;
inline constexpr std::uint8_t protocol_icmp6 = 58;

/// A running one's complement sum. Parts other than the last have an even length.
class Sum {
public:
    void add(Bytes bytes) noexcept;
    void add16(std::uint16_t value) noexcept { sum_ += value; }
    void add32(std::uint32_t value) noexcept { sum_ += (value >> 16) + (value & 0xffff); }
    /// Source, destination, protocol and length of what follows the IP header.
    void add_pseudo_header(const Address& source, const Address& destination, std::uint8_t protocol, std::size_t length) noexcept {
        add(source.wire());
        add(destination.wire());
        add32(static_cast<std::uint32_t>(length));
        add16(protocol);
    }
    /// The sum folded to 16 bits: what a partial checksum (VIRTIO_NET_HDR_F_NEEDS_CSUM) starts from.
    std::uint16_t folded() const noexcept {
        std::uint64_t sum = sum_;
        while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(sum);
    }
    /// The field's value; a sum over a packet with a right checksum in it finishes to 0.
    std::uint16_t finish() const noexcept { return static_cast<std::uint16_t>(~folded()); }

private:
    std::uint64_t sum_ = 0;
};

} // namespace netstack::wire
