// Points of time as text: what log records carry and what --since and --until accept.
//
// A point of time is nanoseconds since the epoch (CLOCK_REALTIME, sys::realtime_ns), as a signed 64-bit number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lib {

/// "2026-11-22T10:00:00.123456789Z": always 30 characters, UTC, without allocation or time zone files.
std::array<char, 30> format_rfc3339(std::int64_t time_ns) noexcept;

/// RFC 3339 with "Z" or an offset, 0 to 9 digits of fraction; anything else is nullopt. Years 1678 to 2261.
std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept;

/// What Podman's --since and --until accept: "10m" or "1h30m" before `now_ns`, "2026-11-22T10:00:00Z" with or without
/// fraction, zone, seconds or time of day (local time without a zone), or unix seconds with an optional fraction.
/// Throws Error naming the text.
std::int64_t parse_time_point(std::string_view text, std::int64_t now_ns);

} // namespace lib
