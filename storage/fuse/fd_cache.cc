// See storage/fuse/fd_cache.h.
#include "storage/fuse/fd_cache.h"

#include <utility>

namespace storage::fuse {

FdPtr FdCache::find(const Node& node, Slot slot) {
    const std::scoped_lock lock(mutex_);
    const auto found = items_.find({&node, slot});
    if (found == items_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->fd;
}

void FdCache::put(const Node& node, Slot slot, FdPtr fd) {
    FdPtr old; // closed after the lock is released
    const std::scoped_lock lock(mutex_);
    const Key key{&node, slot};
    if (const auto found = items_.find(key); found != items_.end()) {
        old = std::exchange(found->second->fd, std::move(fd));
        order_.splice(order_.begin(), order_, found->second);
        return;
    }
    order_.push_front({key, std::move(fd)});
    items_.emplace(key, order_.begin());
    if (items_.size() <= capacity_) return;
    old = std::move(order_.back().fd);
    items_.erase(order_.back().key);
    order_.pop_back();
}

void FdCache::drop(const Node& node, Slot slot) {
    FdPtr old;
    const std::scoped_lock lock(mutex_);
    const auto found = items_.find({&node, slot});
    if (found == items_.end()) return;
    old = std::move(found->second->fd);
    order_.erase(found->second);
    items_.erase(found);
}

std::size_t FdCache::size() {
    const std::scoped_lock lock(mutex_);
    return items_.size();
}

} // namespace storage::fuse
