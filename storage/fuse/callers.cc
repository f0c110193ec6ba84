// See storage/fuse/callers.h.
#include "storage/fuse/callers.h"

namespace storage::fuse {
namespace {

constexpr unsigned to_begin = 8;   ///< requests in a row that make one worth following
constexpr unsigned to_switch = 4;  ///< and another one the one to follow
constexpr unsigned to_leave = 8;   ///< of several others
constexpr unsigned look_every = 64; ///< the scheduler may have moved it
constexpr unsigned first_look = 16; ///< whether it was a good idea

} // namespace

Callers::Advice Callers::note(pid_t thread, bool is_quick) noexcept {
    if (thread == 0) return Advice::go_on;
    in_a_row_ = !is_quick ? 0 : thread == last_ ? in_a_row_ + 1 : 1;
    last_ = thread;
    if (followed_ != 0) return note_followed(thread, is_quick);
    if (in_a_row_ == 0 || in_a_row_ % to_begin != 0 || Clock::now() < not_before_) return Advice::go_on;
    follow(thread);
    return Advice::look;
}

void Callers::follow(pid_t thread) noexcept {
    followed_ = thread;
    others_ = 0;
    since_look_ = look_every - first_look;
}

Callers::Advice Callers::note_followed(pid_t thread, bool is_quick) noexcept {
    if (thread == followed_ && is_quick) {
        others_ = 0;
        if (++since_look_ < look_every) return Advice::go_on;
        since_look_ = 0;
        return Advice::look;
    }
    if (in_a_row_ >= to_switch) {
        follow(thread);
        return Advice::look;
    }
    if (++others_ < to_leave) return Advice::go_on;
    leave();
    return Advice::leave;
}

void Callers::leave(Clock::time_point until) noexcept {
    followed_ = 0;
    in_a_row_ = 0;
    not_before_ = until;
}

} // namespace storage::fuse
