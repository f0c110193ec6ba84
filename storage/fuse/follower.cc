// See storage/fuse/follower.h.
#include "storage/fuse/follower.h"

#include "base/error.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

namespace storage::fuse {
namespace {

/// ns a request, of waiting for the processor: somebody else wants it, and who has this policy is not let in before others. It is more
/// than what is gained by following.
constexpr std::uint64_t longest_wait = 50'000;
constexpr std::uint64_t fewest_judged = 64;
constexpr std::chrono::milliseconds first_pause{250}; ///< doubled each time until following is worth it again
constexpr std::chrono::milliseconds longest_pause{4000};
constexpr unsigned measured_together = 8; ///< requests
/// ns of waiting for those. Where they come as slowly there is nothing to gain, whether it is the caller who takes its time or this thread that is not let in.
constexpr std::uint64_t longest_together = 1'600'000;
constexpr unsigned most_slow = 2; ///< in a row: a single one may have met the disk
constexpr unsigned most_unanswered = 4; ///< looks in a row before the last answer has come
constexpr unsigned crowded_looks = 2; ///< in a row: one may have come upon threads that run for an instant
constexpr std::chrono::hours pause_for_good{24 * 365};

std::uint64_t nanoseconds() noexcept { return static_cast<std::uint64_t>(Callers::Clock::now().time_since_epoch().count()); }

} // namespace

Follower::Follower(Readers& readers, Locator& locator) : readers_(readers), locator_(locator), pause_(first_pause) {
    const sched_param none{};
    if (::sched_setscheduler(0, SCHED_IDLE, &none) != 0) throw SysError{errno, "take the policy SCHED_IDLE"};
}

void Follower::note(Callers::Advice advice) noexcept {
    ++requests_;
    if (advice == Callers::Advice::leave) return readers_.dismiss_follower();
    if (const auto answer = locator_.answer()) {
        move_to(*answer);
        if (readers_.callers.followed() == 0) return; // it has left
    }
    const pid_t caller = readers_.callers.followed();
    const Pace pace = measure();
    if (pace == Pace::too_slow) return leave_for_a_while();
    if (advice != Callers::Advice::look && caller == asked_about_ && pace == Pace::as_usual) return;
    asked_about_ = caller;
    if (locator_.ask(caller, ::gettid())) {
        unanswered_ = 0;
    } else if (!locator_) {
        leave(pause_for_good);
    } else if (++unanswered_ >= most_unanswered) { // not even that gets a processor
        unanswered_ = 0;
        leave_for_a_while();
    }
}

/// Once in four milliseconds or so the kernel finds two threads on one processor and none on another, and takes the caller away. Then
/// requests take several times as long.
Follower::Pace Follower::measure() noexcept {
    waited_for_ += nanoseconds() - waits_since_;
    if (++measured_ < measured_together) return Pace::as_usual;
    measured_ = 0;
    const std::uint64_t taken = std::exchange(waited_for_, 0); // not what answering them took
    slow_ = taken > longest_together ? slow_ + 1 : 0;
    if (slow_ >= most_slow) return Pace::too_slow;
    if (usual_ == 0 || taken < usual_) usual_ = taken;
    if (taken < usual_ * 2) return Pace::as_usual;
    usual_ += usual_ / 8; // where it is the work that takes longer, that is the usual soon
    return Pace::slower;
}

void Follower::begin() noexcept {
    measured_ = slow_ = 0;
    waited_for_ = 0;
}

void Follower::wait() noexcept { waits_since_ = nanoseconds(); }

void Follower::leave_for_a_while() noexcept {
    leave(pause_);
    pause_ = std::min(2 * pause_, longest_pause);
}

bool Follower::is_in_others_way(const Locator::Answer& answer) noexcept {
    const std::uint64_t waited = answer.waited - waited_;
    const bool had_to_wait = processor_ >= 0 && waited > std::max(requests_, fewest_judged) * longest_wait;
    waited_ = answer.waited;
    requests_ = 0;
    const unsigned ours = 2; // the locator, and the caller or this thread
    crowded_ = had_to_wait || answer.runnable >= std::thread::hardware_concurrency() + ours ? crowded_ + 1 : 0;
    return crowded_ >= crowded_looks;
}

void Follower::move_to(const Locator::Answer& answer) noexcept {
    if (is_in_others_way(answer)) return leave_for_a_while();
    if (answer.processor < 0) return; // it has ended
    if (answer.processor == processor_) {
        pause_ = first_pause;
        return;
    }
    cpu_set_t there;
    CPU_ZERO(&there);
    CPU_SET(static_cast<std::size_t>(answer.processor), &there);
    if (::sched_setaffinity(0, sizeof there, &there) != 0) return leave(longest_pause); // not one of ours
    processor_ = answer.processor;
}

void Follower::leave(Callers::Clock::duration pause) noexcept {
    readers_.callers.leave(Callers::Clock::now() + pause);
    readers_.dismiss_follower();
}

} // namespace storage::fuse
