// Whose turn it is to read the next request. One thread reads at a time.
//
// Any thread of several may, until one caller is seen to ask everything (callers.h). Then the follower reads: a thread on the caller's
// processor, so that neither has to wake up the other one's. Asked by one process in turns that is several times as fast on a
// machine that is otherwise idle, above all on a virtual one, where an idle processor is given back to the host and waking it takes
// 20 µs (docs/fuse-overlay.md). The kernel wakes a thread on an idle processor rather than on the one it was on; therefore the
// follower has the policy SCHED_IDLE: its processor counts as idle while nobody but it runs there, and so the caller stays.
//
// That policy cannot be left again by an ordinary user, hence a thread of its own, and one that does nothing which takes long: it
// would starve beside others that want the processor. That is given to another thread (Helper), and where more threads want to run than there
// are processors, or the follower has had to wait for its one, it is dismissed for a moment.
#pragma once

#include "storage/fuse/callers.h"

#include <condition_variable>
#include <functional>
#include <mutex>

namespace storage::fuse {

class Readers {
public:
    enum class Kind : unsigned char { any, follower };

    /// Waits for the turn. False: it is all over.
    bool take(Kind kind);
    void give();
    /// By who has the turn: whether the next one is its own as well.
    bool stays(Kind kind);
    /// Nobody is to read any more.
    void finish();

    /// By who has the turn: from the next one on the follower reads, if it is not busy. False: it is.
    bool call_follower();
    /// By the follower, which has the turn: from the next one on any other thread.
    void dismiss_follower();

    /// By who has the turn.
    Callers callers;

private:
    std::mutex mutex_;
    std::condition_variable for_any_, for_follower_;
    bool taken_ = false;
    bool finished_ = false;
    bool following_ = false;     ///< the next turn is the follower's
    bool follower_waits_ = false;
};

/// Runs for another thread, at ordinary priority, what would take that one too long.
class Helper {
public:
    /// For the thread that is to do the work: until finish().
    void serve();
    void finish();
    /// Returns what `work` does; ENOMEM where it throws, for memory is the only thing it may want in vain.
    int run(const std::function<int()>& work);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<int()>* work_ = nullptr;
    int result_ = 0;
    bool finished_ = false;
};

} // namespace storage::fuse
