// Timers of many flows: a wheel of 512 slots of 100 ms. An entry that is due later than the wheel reaches waits in the
// farthest slot and is looked at again there.
#pragma once

#include <array>
#include <cstdint>

namespace netstack {

class TimerWheel {
public:
    static constexpr std::int64_t tick_ms = 100;

    TimerWheel() noexcept = default;
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;
    ~TimerWheel();

    /// 0 or errno. Once; ids are below `capacity`.
    [[nodiscard]] int reserve(std::uint32_t capacity, std::int64_t now) noexcept;

    /// Fires `id` at `when` or up to a tick later. Cheap where it is set to fire earlier: then it is left there, and whoever is
    /// called looks at his clock and sets it again.
    void set(std::uint32_t id, std::int64_t when) noexcept;
    void cancel(std::uint32_t id) noexcept;

    /// Calls `fire(id)` for each one that is due; it is not set any more then.
    template <class Fire>
    void advance(std::int64_t now, Fire fire) noexcept {
        const std::int64_t target = now / tick_ms;
        if (target - current_ > slots) current_ = target - slots; // a long sleep: each slot once
        while (current_ < target) {
            ++current_;
            for (std::uint32_t stored; (stored = heads_[index(current_)]) != none;) {
                unlink(stored);
                fire(stored - 1);
            }
        }
    }
    /// Milliseconds until something may be due; -1: nothing is set.
    int wait_time(std::int64_t now) const noexcept;

private:
    static constexpr std::uint32_t slots = 512;
    static constexpr std::uint32_t none = 0; ///< ids are stored plus one

    struct Entry {
        std::uint32_t next;
        std::uint32_t previous;
        std::int64_t tick; ///< 0: not set
    };
    static constexpr std::uint32_t index(std::int64_t tick) noexcept { return static_cast<std::uint32_t>(tick) % slots; }
    void unlink(std::uint32_t stored) noexcept;

    Entry* entries_ = nullptr; ///< by stored id
    std::uint32_t capacity_ = 0;
    std::int64_t current_ = 0; ///< the last tick that has fired
    std::array<std::uint32_t, slots> heads_{};
    std::array<std::uint64_t, slots / 64> filled_{}; ///< a bit for each slot that is not empty
};

} // namespace netstack
