// How much of the container's data may wait for a stream that does not take it: what the stream takes in a tenth of a second, as
// measured from the moment it refused some. Half a megabyte in front of a slow peer would be seconds that nothing overtakes
// (bufferbloat), and the container's program, which sees its data gone, could not put anything more urgent before it.
//
// Streams of some 5 MB/s and more are not limited: the whole ring is what keeps them busy.
#pragma once

#include <algorithm>
#include <cstdint>

namespace netstack::tcp {

class Backlog {
public:
    static constexpr std::uint32_t smallest = 64 << 10;
    static constexpr std::uint32_t unmeasured = 128 << 10; ///< of a stream that has just refused something for the first time
    static constexpr std::uint32_t largest = 512 << 10;    ///< from here on there is no limit
    static constexpr std::uint32_t time_ms = 100;

    std::uint32_t limit() const noexcept { return limit_; }

    /// The stream has taken `count` bytes; `refused`: and no more of what was there.
    void taken(std::uint32_t count, bool refused, std::int64_t now) noexcept {
        taken_ += count;
        const std::uint32_t elapsed = static_cast<std::uint32_t>(now) - since_;
        if (measuring_ && elapsed >= time_ms) {
            const std::uint64_t rate = taken_ * std::uint64_t{time_ms} / elapsed;
            limit_ = rate >= largest ? UINT32_MAX : std::max(static_cast<std::uint32_t>(rate), smallest);
            measuring_ = false;
        }
        if (!refused || measuring_) return;
        if (limit_ == UINT32_MAX && !known_) limit_ = unmeasured;
        measuring_ = known_ = true;
        taken_ = 0;
        since_ = static_cast<std::uint32_t>(now);
    }

private:
    std::uint32_t limit_ = UINT32_MAX;
    std::uint32_t taken_ = 0; ///< since then, while measuring_
    std::uint32_t since_ = 0; ///< milliseconds
    bool measuring_ = false;
    bool known_ = false;
};

} // namespace netstack::tcp
