// How often and how long to wait when a registry does not answer as it should.
#pragma once

#include "lib/registry/access.h"

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace lib::registry {

/// Whether a status asks for another attempt: 408, 429, 500, 502, 503, 504.
bool is_transient_status(long status);

/// The pause after failure number `failure` (from 1): half a second, doubled each time and varied by `jitter` (0 to 1: from
/// half to one and a half of it), so that many clients do not come back at once; where the server says Retry-After, in
/// seconds or as a date, that and no less; never more than 30 s. nullopt: the server asks for more, so that there is no sense in
/// trying before.
std::optional<std::chrono::milliseconds> retry_pause(int failure, const std::string& retry_after, double jitter, std::int64_t now_seconds = 0);

/// "FAILURE, trying again in 1.5 s (1 of 3)".
std::string retry_words(const std::string& failure, std::chrono::milliseconds pause, int number, int most);

/// After failure number `failure`: says why and when there is another attempt, and sleeps until then. false: there is none, since it
/// is no failure for which that helps, or was the last attempt, or the server asks for too long a pause.
[[nodiscard]] bool wait_for_retry(const Access& access, int failure, const TransferError& error);

/// Calls `attempt` until it returns or fails for good.
template <class Attempt>
auto with_retries(const Access& access, const Attempt& attempt) {
    for (int failure = 1;; ++failure) {
        try {
            return attempt();
        } catch (const TransferError& e) {
            if (!wait_for_retry(access, failure, e)) throw;
        }
    }
}

/// N of "bytes N-M/S", nullopt for anything else (RFC 9110, section 14.4).
std::optional<unsigned long long> find_range_start(const std::string& content_range);

} // namespace lib::registry
