// The numbers of the TCP machine, with where they come from.
#pragma once

#include <cstdint>

namespace netstack::tcp {

inline constexpr std::uint16_t default_mss = 536;   ///< of a SYN without the option (RFC 9293 3.7.1)
inline constexpr std::uint16_t smallest_mss = 64;   ///< below it headers would be most of the traffic: an attack
inline constexpr std::uint8_t our_scale = 8;        ///< windows in steps of 256 bytes, up to 16 MiB
inline constexpr std::uint32_t largest_burst = 65'480; ///< payload of one segment to the sink; with headers below 64 KiB

inline constexpr std::uint32_t first_rto_ms = 1000;   ///< RFC 6298 (2.1)
inline constexpr std::uint32_t smallest_rto_ms = 200; ///< below RFC 6298's second, as Linux: the delayed ACK is 40 ms
inline constexpr std::uint32_t largest_rto_ms = 60'000;
inline constexpr std::uint8_t most_attempts = 15;     ///< Linux's tcp_retries2
inline constexpr std::uint8_t most_syn_attempts = 4;  ///< a container that does not answer a SYN within 30 s has lost its network
inline constexpr std::int64_t linger_ms = 500;        ///< TIME-WAIT; 2 MSL of a link without a network
inline constexpr std::uint32_t most_blocks_to_hold = 512; ///< out of the pool: with more, segments behind a gap get none
inline constexpr std::uint8_t duplicate_limit = 3;    ///< RFC 5681 3.2

} // namespace netstack::tcp
