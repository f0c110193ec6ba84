// See storage/fuse/follower.h.
#include "storage/fuse/follower.h"

#include "base/error.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>

namespace storage::fuse {
namespace {

constexpr std::uint64_t longest_wait = 200'000; ///< ns a request, of waiting for the processor: somebody else wants it
constexpr std::chrono::seconds pause_after_wait{1};
constexpr std::chrono::hours pause_for_good{24 * 365};

} // namespace

Follower::Follower(Readers& readers, Locator& locator) : readers_(readers), locator_(locator) {
    const sched_param none{};
    if (::sched_setscheduler(0, SCHED_IDLE, &none) != 0) throw SysError{errno, "take the policy SCHED_IDLE"};
}

void Follower::note(Callers::Advice advice) noexcept {
    ++requests_;
    if (advice == Callers::Advice::leave) return readers_.dismiss_follower();
    const pid_t caller = readers_.callers.followed();
    if (advice == Callers::Advice::look || caller != asked_about_) {
        if (!locator_) return leave(pause_for_good);
        locator_.ask(asked_about_ = caller, ::gettid());
    }
    if (const auto answer = locator_.answer()) move_to(*answer);
}

void Follower::move_to(const Locator::Answer& answer) noexcept {
    const std::uint64_t waited = answer.waited - waited_;
    const bool had_to_wait = processor_ >= 0 && waited > requests_ * longest_wait;
    waited_ = answer.waited;
    requests_ = 0;
    if (answer.processor < 0) return; // it has ended
    if (had_to_wait) return leave(pause_after_wait);
    if (answer.processor == processor_) return;
    cpu_set_t there;
    CPU_ZERO(&there);
    CPU_SET(static_cast<std::size_t>(answer.processor), &there);
    if (::sched_setaffinity(0, sizeof there, &there) != 0) return leave(pause_after_wait); // not one of ours
    processor_ = answer.processor;
}

void Follower::leave(Callers::Clock::duration pause) noexcept {
    readers_.callers.leave(Callers::Clock::now() + pause);
    readers_.dismiss_follower();
}

} // namespace storage::fuse
