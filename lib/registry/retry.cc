// Pauses and ranges, see lib/registry/retry.h.
#include "lib/registry/retry.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace lib::registry {
namespace {

constexpr std::chrono::milliseconds first_pause{500};
constexpr std::chrono::milliseconds longest_pause{30'000};

} // namespace

bool is_transient_status(long status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::chrono::milliseconds retry_pause(int failure, const std::string& retry_after) {
    unsigned seconds = 0;
    const char* const end = retry_after.data() + retry_after.size();
    if (const auto [stop, error] = std::from_chars(retry_after.data(), end, seconds);
        error == std::errc() && stop == end && !retry_after.empty())
        return std::min(longest_pause, std::chrono::milliseconds(std::chrono::seconds(std::min(seconds, 30U))));
    return std::min(longest_pause, first_pause * (1 << std::clamp(failure - 1, 0, 10)));
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
