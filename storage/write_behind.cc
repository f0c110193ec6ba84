// See storage/write_behind.h.
#include "storage/write_behind.h"

#include "base/files.h"

#include <unistd.h>

namespace storage {
namespace {

constexpr std::uint64_t worth_writing = std::uint64_t{64} << 20; // smaller images are written once, at the end

} // namespace

WriteBehind::WriteBehind(const Store& store) : layers_(files::open_dir(store.path("layers"))), thread_([this] { work(); }) {}

WriteBehind::~WriteBehind() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

void WriteBehind::note(std::uint64_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    waiting_ += bytes;
    if (waiting_ >= worth_writing) changed_.notify_one();
}

void WriteBehind::work() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return ended_ || waiting_ >= worth_writing; });
        if (ended_) return;
        waiting_ = 0;
        lock.unlock();
        (void)::syncfs(layers_.get()); // what fails here fails again at the end, where it counts
        lock.lock();
    }
}

} // namespace storage
