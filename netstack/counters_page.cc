// See netstack/counters_page.h.
#include "netstack/counters_page.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <type_traits>

namespace netstack {
namespace {

static_assert(std::is_trivially_copyable_v<Counters>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr int attempts = 1000; ///< a write takes some 30 ns, and there is one a turn

} // namespace

CountersPage::~CountersPage() {
    if (slot_ != nullptr) ::munmap(slot_, sizeof *slot_);
}

int CountersPage::open(int fd, Tier tier, Counters& counters) noexcept {
    void* const memory = ::mmap(nullptr, sizeof *slot_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return errno;
    slot_ = static_cast<CounterSlot*>(memory);
    if (slot_->layout == counter_layout) {
        counters = slot_->counters;
        for (ProtocolCounters* protocol : {&counters.tcp, &counters.udp, &counters.icmp}) protocol->flows.open = 0;
    }
    slot_->tier = tier;
    slot_->sequence.fetch_and(~std::uint64_t{1}); // of one that was killed while it wrote
    publish(counters);
    slot_->layout = counter_layout;
    return 0;
}

void CountersPage::publish(const Counters& counters) noexcept {
    if (slot_ == nullptr) return;
    const std::uint64_t sequence = slot_->sequence.load(std::memory_order_relaxed);
    slot_->sequence.store(sequence + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(static_cast<void*>(&slot_->counters), &counters, sizeof counters);
    slot_->sequence.store(sequence + 2, std::memory_order_release);
}

CountersRead read_counters(int fd, PublishedCounters& into) noexcept {
    alignas(CounterSlot) std::array<std::byte, sizeof(CounterSlot)> bytes{};
    const auto sequence_in = [](const std::byte* at) noexcept {
        std::uint64_t sequence = 0;
        std::memcpy(&sequence, at, sizeof sequence);
        return sequence;
    };
    for (int i = 0; i < attempts; ++i) {
        if (::pread(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return CountersRead::not_ours;
        std::uint32_t layout = 0;
        std::memcpy(&layout, bytes.data() + offsetof(CounterSlot, layout), sizeof layout);
        if (layout == 0) return CountersRead::nothing_yet;
        if (layout != counter_layout) return CountersRead::not_ours;
        std::array<std::byte, sizeof(std::uint64_t)> again{};
        if (::pread(fd, again.data(), again.size(), offsetof(CounterSlot, sequence)) != static_cast<ssize_t>(again.size()))
            return CountersRead::not_ours;
        const std::uint64_t before = sequence_in(bytes.data() + offsetof(CounterSlot, sequence));
        if (before % 2 == 0 && before == sequence_in(again.data())) {
            std::memcpy(&into.tier, bytes.data() + offsetof(CounterSlot, tier), sizeof into.tier);
            std::memcpy(&into.counters, bytes.data() + offsetof(CounterSlot, counters), sizeof into.counters);
            return CountersRead::done;
        }
        ::sched_yield();
    }
    return CountersRead::not_ours; // whoever writes was killed while he did, and nobody has followed
}

} // namespace netstack
