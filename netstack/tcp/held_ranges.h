// Which bytes are there behind a gap: segments that came out of order, by their sequence numbers. The bytes themselves are in the
// connection's ring, each at its place (ring.h).
#pragma once

#include "netstack/tcp/sequence.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace netstack::tcp {

/// In order, apart from each other, and all within 2^31.
class HeldRanges {
public:
    static constexpr std::size_t most = 64;

    bool empty() const noexcept { return count_ == 0; }
    void clear() noexcept { count_ = 0; }

    /// False when it would be one too many; then nothing has changed. `begin` is before `end`.
    bool add(std::uint32_t begin, std::uint32_t end) noexcept {
        std::size_t first = 0;
        while (first < count_ && before(ranges_[first].end, begin)) ++first;
        std::size_t last = first;
        for (; last < count_ && !after(ranges_[last].begin, end); ++last) {
            if (before(ranges_[last].begin, begin)) begin = ranges_[last].begin;
            if (after(ranges_[last].end, end)) end = ranges_[last].end;
        }
        if (first == last) {
            if (count_ == most) return false;
            std::copy_backward(ranges_.begin() + static_cast<std::ptrdiff_t>(first), ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                               ranges_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
            ++count_;
        } else {
            std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(last), ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
                      ranges_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
            count_ -= last - first - 1;
        }
        ranges_[first] = {begin, end};
        return true;
    }

    /// Up to where there is no gap from `next` on; what is before that is forgotten.
    std::uint32_t take_from(std::uint32_t next) noexcept {
        std::size_t used = 0;
        for (; used < count_ && !after(ranges_[used].begin, next); ++used)
            if (after(ranges_[used].end, next)) next = ranges_[used].end;
        std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(used), ranges_.begin() + static_cast<std::ptrdiff_t>(count_), ranges_.begin());
        count_ -= used;
        return next;
    }

private:
    struct Range {
        std::uint32_t begin, end;
    };
    std::array<Range, most> ranges_;
    std::size_t count_ = 0;
};

/// What a connection knows of what is behind the gap.
struct Held {
    HeldRanges ranges;
    std::uint32_t fin_at = 0; ///< where has_fin
    bool has_fin = false;
};

} // namespace netstack::tcp
