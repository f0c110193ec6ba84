// The table behind netstack/flow_index.h.
#include "netstack/flow_index.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <bit>
#include <cerrno>

namespace netstack {

FlowIndex::~FlowIndex() {
    if (slots_ != nullptr) ::munmap(slots_, (std::size_t{mask_} + 1) * sizeof(Slot));
}

int FlowIndex::reserve(std::uint32_t capacity) noexcept {
    if (::getrandom(key_.data(), sizeof key_, 0) != static_cast<ssize_t>(sizeof key_)) return errno;
    const std::uint32_t size = std::bit_ceil(capacity * 2);
    void* memory = ::mmap(nullptr, size * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return errno;
    slots_ = static_cast<Slot*>(memory); // all zero: unused
    mask_ = size - 1;
    return 0;
}

void FlowIndex::insert(const FlowKey& key, std::uint32_t index) noexcept {
    const std::uint32_t hash = key.hash(key_);
    std::uint32_t at = hash & mask_;
    while (slots_[at].used != 0) at = (at + 1) & mask_;
    slots_[at] = {hash, index, 1};
}

/// Moves what follows in the same run back over the gap, so that no entry gets lost behind it and no tombstone is needed.
void FlowIndex::erase(const FlowKey& key, std::uint32_t index) noexcept {
    std::uint32_t gap = key.hash(key_) & mask_;
    while (slots_[gap].used != 0 && slots_[gap].index != index) gap = (gap + 1) & mask_;
    if (slots_[gap].used == 0) return;
    for (std::uint32_t at = (gap + 1) & mask_; slots_[at].used != 0; at = (at + 1) & mask_) {
        const std::uint32_t home = slots_[at].hash & mask_;
        if (((at - home) & mask_) < ((at - gap) & mask_)) continue; // it begins behind the gap
        slots_[gap] = slots_[at];
        gap = at;
    }
    slots_[gap].used = 0;
}

} // namespace netstack
