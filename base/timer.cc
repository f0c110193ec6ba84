// See base/timer.h.
#include "base/timer.h"

#include "base/error.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

Timer::Timer() : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (!fd_) throw SysError{errno, "make a timer"};
}

bool Timer::try_set(std::chrono::milliseconds time) noexcept {
    struct itimerspec after {};
    after.it_value = {time.count() / 1000, time.count() % 1000 * 1'000'000 + 1}; // all zero would mean never, hence the nanosecond
    return ::timerfd_settime(fd_.get(), 0, &after, nullptr) == 0;
}

bool Timer::take() noexcept {
    std::uint64_t expirations = 0;
    return ::read(fd_.get(), &expirations, sizeof expirations) > 0;
}
