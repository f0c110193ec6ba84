// See storage/fuse/readers.h.
#include "storage/fuse/readers.h"

#include <cerrno>
#include <new>

namespace storage::fuse {

bool Readers::take(Kind kind) {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool is_follower = kind == Kind::follower;
    if (is_follower) follower_waits_ = true;
    (is_follower ? for_follower_ : for_any_).wait(lock, [&] { return finished_ || (!taken_ && following_ == is_follower); });
    if (is_follower) follower_waits_ = false;
    taken_ = true;
    return !finished_;
}

void Readers::give() {
    const std::scoped_lock lock(mutex_);
    taken_ = false;
    (following_ ? for_follower_ : for_any_).notify_one();
}

bool Readers::stays(Kind kind) {
    const std::scoped_lock lock(mutex_);
    return !finished_ && following_ == (kind == Kind::follower);
}

void Readers::finish() {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    for_any_.notify_all();
    for_follower_.notify_all();
}

bool Readers::call_follower() {
    const std::scoped_lock lock(mutex_);
    return following_ = follower_waits_;
}

void Readers::dismiss_follower() {
    const std::scoped_lock lock(mutex_);
    following_ = false;
}

void Helper::serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return finished_ || work_ != nullptr; });
        if (work_ == nullptr) return;
        lock.unlock(); // who waits for it changes nothing meanwhile
        int result = ENOMEM;
        try {
            result = (*work_)();
        } catch (const std::bad_alloc&) {
            result = ENOMEM;
        }
        lock.lock();
        result_ = result;
        work_ = nullptr;
        changed_.notify_all();
    }
}

void Helper::finish() {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    changed_.notify_all();
}

int Helper::run(const std::function<int()>& work) {
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
    return result_;
}

} // namespace storage::fuse
