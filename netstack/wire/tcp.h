// TCP segments (RFC 9293, 3.1) with the options maximum segment size and window scale (RFC 7323, 2).
#pragma once

#include "netstack/wire/bytes.h"

#include <cstdint>
#include <optional>

namespace netstack::wire {

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
} // namespace tcp_flag

inline constexpr std::size_t tcp_length = 20;      ///< without options
inline constexpr std::size_t tcp_syn_options = 8;  ///< as we build them: MSS, a pad, window scale

/// What a SYN may offer.
struct TcpOptions {
    std::optional<std::uint16_t> mss;
    std::optional<std::uint8_t> window_scale; ///< at most 14 (RFC 7323, 2.3)
};

/// A segment's header in host byte order.
struct TcpHeader {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;
    std::uint8_t flags = 0;
    std::uint16_t window = 0; ///< as on the wire, unscaled
    bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
};

class TcpView {
public:
    static std::optional<TcpView> parse(Bytes b) noexcept;

    const TcpHeader& header() const noexcept { return header_; }
    Bytes payload() const noexcept { return payload_; }
    /// Unknown options are skipped; from a malformed one on nothing more is read.
    TcpOptions options() const noexcept;

private:
    TcpHeader header_;
    Bytes options_;
    Bytes payload_;
};

/// Writes the header with a zero checksum, and the options where one of them is set. `into` has room for both; the
/// bytes used.
std::size_t build_tcp(MutableBytes into, const TcpHeader& header, const TcpOptions& options) noexcept;
inline constexpr std::size_t tcp_checksum_offset = 16;

} // namespace netstack::wire
