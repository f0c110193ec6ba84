// Who asks: whether it is one thread that waits for each answer, as nearly everything that works on many files does, so that the one
// who answers had better be on its processor. See storage/fuse/readers.h.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace storage::fuse {

class Callers {
public:
    using Clock = std::chrono::steady_clock;

    enum class Advice : unsigned char {
        go_on,
        look,  ///< see where followed() is
        leave, ///< it is not one any more
    };

    /// A request of `thread` (0: nobody's, or nobody known), which waits for the answer and for little else, or moves much content.
    Advice note(pid_t thread, bool is_quick) noexcept;

    /// Nobody is followed, and nobody is to be before `until`.
    void leave(Clock::time_point until = {}) noexcept;

    pid_t followed() const noexcept { return followed_; } ///< 0: nobody

private:
    void follow(pid_t thread) noexcept;
    Advice note_followed(pid_t thread, bool is_quick) noexcept;

    pid_t last_ = 0;
    unsigned in_a_row_ = 0; ///< quick requests of last_
    pid_t followed_ = 0;
    unsigned others_ = 0;     ///< requests since the last one of followed_
    unsigned since_look_ = 0; ///< requests of followed_
    Clock::time_point not_before_{};
};

} // namespace storage::fuse
