// Lists and bits of netstack/timer_wheel.h.
#include "netstack/timer_wheel.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>

namespace netstack {

TimerWheel::~TimerWheel() {
    if (entries_ != nullptr) ::munmap(entries_, (std::size_t{capacity_} + 1) * sizeof(Entry));
}

int TimerWheel::reserve(std::uint32_t capacity, std::int64_t now) noexcept {
    void* memory = ::mmap(nullptr, (std::size_t{capacity} + 1) * sizeof(Entry), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return errno;
    entries_ = static_cast<Entry*>(memory);
    capacity_ = capacity;
    current_ = now / tick_ms;
    return 0;
}

void TimerWheel::set(std::uint32_t id, std::int64_t when) noexcept {
    const std::uint32_t stored = id + 1;
    const std::int64_t tick = std::clamp((when + tick_ms - 1) / tick_ms, current_ + 1, current_ + slots - 1);
    if (entries_[stored].tick != 0) {
        if (entries_[stored].tick <= tick) return;
        unlink(stored);
    }
    std::uint32_t& head = heads_[index(tick)];
    entries_[stored] = {head, none, tick};
    if (head != none) entries_[head].previous = stored;
    head = stored;
    filled_[index(tick) / 64] |= std::uint64_t{1} << index(tick) % 64;
}

void TimerWheel::cancel(std::uint32_t id) noexcept {
    if (entries_[id + 1].tick != 0) unlink(id + 1);
}

void TimerWheel::unlink(std::uint32_t stored) noexcept {
    Entry& entry = entries_[stored];
    const std::uint32_t slot = index(entry.tick);
    if (entry.next != none) entries_[entry.next].previous = entry.previous;
    if (entry.previous != none) entries_[entry.previous].next = entry.next;
    else heads_[slot] = entry.next;
    if (heads_[slot] == none) filled_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    entry = {};
}

int TimerWheel::wait_time(std::int64_t now) const noexcept {
    for (std::uint32_t step = 0; step <= slots;) { // a word of slots at a time, the first and last perhaps in part
        const std::uint32_t slot = index(current_ + 1 + step);
        const std::uint64_t bits = filled_[slot / 64] >> slot % 64;
        if (bits == 0) {
            step += 64 - slot % 64;
            continue;
        }
        const std::int64_t due = (current_ + 1 + step + std::countr_zero(bits)) * tick_ms;
        return static_cast<int>(std::max<std::int64_t>(due - now, 0));
    }
    return -1;
}

} // namespace netstack
