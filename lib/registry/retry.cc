// Pauses and ranges, see lib/registry/retry.h.
#include "lib/registry/retry.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <random>
#include <string_view>

namespace lib::registry {
namespace {

constexpr std::chrono::milliseconds first_pause{500};
constexpr std::chrono::milliseconds longest_pause{30'000};

} // namespace

bool is_transient_status(long status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

namespace {

/// Retry-After (RFC 9110, section 10.2.3) as seconds from now.
std::optional<std::int64_t> wanted_seconds(const std::string& retry_after, std::int64_t now) {
    std::int64_t seconds = 0;
    const char* const end = retry_after.data() + retry_after.size();
    if (const auto [stop, error] = std::from_chars(retry_after.data(), end, seconds);
        error == std::errc() && stop == end && !retry_after.empty())
        return std::max<std::int64_t>(0, seconds);
    struct tm date {};
    const char* const stop = ::strptime(retry_after.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (stop == nullptr || *stop != '\0') return std::nullopt;
    return std::max<std::int64_t>(0, ::timegm(&date) - now);
}

} // namespace

std::optional<std::chrono::milliseconds> retry_pause(int failure, const std::string& retry_after, double jitter, std::int64_t now_seconds) {
    if (const auto seconds = wanted_seconds(retry_after, now_seconds)) {
        if (std::chrono::seconds(*seconds) > longest_pause) return std::nullopt;
        return std::chrono::seconds(*seconds);
    }
    const auto pause = first_pause * (1 << std::clamp(failure - 1, 0, 10));
    return std::min(longest_pause, std::chrono::duration_cast<std::chrono::milliseconds>(pause * (0.5 + jitter)));
}

std::string retry_words(const std::string& failure, std::chrono::milliseconds pause, int number, int most) {
    const std::int64_t tenths = (pause.count() + 99) / 100;
    const std::string fraction = tenths < 100 && tenths % 10 != 0 ? cat(".", tenths % 10) : "";
    // What is behind a semicolon is for who has to do something.
    return cat(failure.substr(0, failure.find("; ")), ", trying again in ", tenths / 10, fraction, " s (", number, " of ", most, ")");
}

bool wait_for_retry(const Access& access, int failure, const TransferError& error) {
    if (error.failure() != TransferFailure::interrupted || failure >= access.attempts) return false;
    thread_local std::minstd_rand random(std::random_device{}());
    const double jitter = std::uniform_real_distribution<>(0, 1)(random);
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    auto pause = retry_pause(failure, error.retry_after(), jitter, now);
    if (!pause) return false;
    if (access.delay) pause = std::max(*access.delay, error.retry_after().empty() ? *access.delay : *pause);
    if (access.warn) access.warn(retry_words(error.what(), *pause, failure, access.attempts - 1));
    std::this_thread::sleep_for(*pause);
    return true;
}

std::optional<unsigned long long> find_range_start(const std::string& content_range) {
    std::string_view text = content_range;
    if (!text.starts_with("bytes ")) return std::nullopt;
    text.remove_prefix(6);
    unsigned long long start = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), start);
    if (error != std::errc() || stop == text.data() + text.size() || *stop != '-') return std::nullopt;
    return start;
}

} // namespace lib::registry
