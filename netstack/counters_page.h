// Counters that others may read while the work goes on: a file of one slot for each writer, mapped by that one.
//
// Writing is a copy of some 300 bytes once a turn, between two steps of a sequence number that is odd meanwhile; nobody is
// waited for. Who reads takes bytes out of the file and tries again where the number has moved, so what is read belongs together,
// and neither a slot that is nonsense nor a file that is cut short can do more than be an error. A writer that follows another one
// goes on from its numbers.
#pragma once

#include "netstack/counters.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace netstack {

enum class Tier : std::uint32_t {
    tap = 1,     ///< stack.h
    forward = 2, ///< forward.h
};

/// What a slot is made of. Zeros are a slot that nobody has written to.
struct CounterSlot {
    std::uint32_t layout = 0; ///< counter_layout
    Tier tier{};
    std::atomic<std::uint64_t> sequence = 0;
    Counters counters;
};
inline constexpr std::uint32_t counter_layout = 0x63740000 + sizeof(CounterSlot);

class CountersPage {
public:
    CountersPage() = default;
    ~CountersPage();
    CountersPage(const CountersPage&) = delete;
    CountersPage& operator=(const CountersPage&) = delete;

    /// Maps the slot of a file that is large enough (`fd` stays the caller's), and takes what it says into `counters`, without
    /// the flows that were open. 0 or errno.
    [[nodiscard]] int open(int fd, Tier tier, Counters& counters) noexcept;
    /// Nothing where it is not open.
    void publish(const Counters& counters) noexcept;

private:
    CounterSlot* slot_ = nullptr;
};

struct PublishedCounters {
    Tier tier{};
    Counters counters;
};
enum class CountersRead { done, nothing_yet, not_ours };
/// `not_ours`: of another version of this program, or no such file at all.
[[nodiscard]] CountersRead read_counters(int fd, PublishedCounters& into) noexcept;

} // namespace netstack
