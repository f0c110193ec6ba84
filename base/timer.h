// A timer as a descriptor (timerfd), by the monotonic clock.
#pragma once

#include "base/unique_fd.h"

#include <chrono>

class Timer {
public:
    /// Not running. Throws SysError.
    Timer();

    int fd() const noexcept { return fd_.get(); } ///< readable once the time is over, until it is set again or taken
    /// Once, from now. False where the kernel refuses.
    [[nodiscard]] bool try_set(std::chrono::milliseconds time) noexcept;
    /// Whether the time is over, once.
    [[nodiscard]] bool take() noexcept;

private:
    UniqueFd fd_;
};
