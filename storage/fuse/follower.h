// The thread that stays on its caller's processor. See storage/fuse/readers.h.
#pragma once

#include "storage/fuse/locator.h"
#include "storage/fuse/readers.h"

#include <chrono>
#include <cstdint>

namespace storage::fuse {

class Follower {
public:
    /// For the calling thread, which gets the policy SCHED_IDLE. Both are borrowed. Throws SysError.
    Follower(Readers& readers, Locator& locator);

    /// It has the turn again.
    void begin() noexcept;
    /// Before it waits for a request.
    void wait() noexcept;
    /// By who has the turn and has just read a request that Callers have this to say of.
    void note(Callers::Advice advice) noexcept;

private:
    void move_to(const Locator::Answer& answer) noexcept;
    enum class Pace : unsigned char { as_usual, slower, too_slow };
    Pace measure() noexcept;
    void leave_for_a_while() noexcept;
    bool is_in_others_way(const Locator::Answer& answer) noexcept;
    void leave(Callers::Clock::duration pause) noexcept;

    Readers& readers_;
    Locator& locator_;
    pid_t asked_about_ = 0;
    int processor_ = -1;
    std::uint64_t waited_ = 0;  ///< Locator::Answer::waited at the last answer
    std::uint64_t requests_ = 0; ///< since then
    std::uint64_t waits_since_ = 0; ///< ns, CLOCK_MONOTONIC
    std::uint64_t waited_for_ = 0; ///< ns, for the last measured_ requests
    unsigned measured_ = 0;
    unsigned slow_ = 0;           ///< times in a row that eight took too long
    std::uint64_t usual_ = 0;     ///< ns that it waits for eight of them while the caller is here; 0: not known yet
    unsigned unanswered_ = 0;    ///< looks in a row for which the answer to an earlier one was still awaited
    unsigned crowded_ = 0;       ///< looks in a row that found others wanting the processors
    std::chrono::milliseconds pause_; ///< the next one, where it has to wait
};

} // namespace storage::fuse
