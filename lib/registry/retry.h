// How often and how long to wait when a registry does not answer as it should.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace lib::registry {

inline constexpr int most_attempts = 5;

/// Whether a status asks for another attempt: 408, 429, 500, 502, 503, 504.
bool is_transient_status(long status);

/// The pause after failure number `failure` (from 1): half a second, doubled each time; the server's Retry-After in
/// seconds where it gives one; never more than 30 s.
std::chrono::milliseconds retry_pause(int failure, const std::string& retry_after);

/// N of "bytes N-M/S", nullopt for anything else (RFC 9110, section 14.4).
std::optional<unsigned long long> find_range_start(const std::string& content_range);

} // namespace lib::registry
