// The only code that knows epoll and the clock.
#pragma once

#include "base/unique_fd.h"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace netstack {

/// Milliseconds of CLOCK_MONOTONIC.
std::int64_t now_ms() noexcept;
/// The same in nanoseconds.
std::uint64_t now_ns() noexcept;

/// An epoll instance with its event buffer. Tokens are the caller's; the loop never looks into them.
class EventLoop {
public:
    /// 0 or errno.
    [[nodiscard]] int open() noexcept;
    int fd() const noexcept { return epoll_.get(); }
    void close() noexcept { epoll_.reset(); }

    /// Starts watching: 0 or errno. With EPOLLET the state of this moment is reported as the first event.
    [[nodiscard]] int watch(int fd, std::uint32_t events, std::uint64_t token) noexcept;
    /// Reports the present state of a descriptor watched with EPOLLET once more, behind what is queued already.
    void report_again(int fd, std::uint32_t events, std::uint64_t token) noexcept;
    void forget(int fd) noexcept;

    /// The next events; none after `timeout_ms` (-1: wait for ever) or a signal. Valid until the next call.
    std::span<const epoll_event> wait(int timeout_ms) noexcept;

private:
    UniqueFd epoll_;
    std::array<epoll_event, 64> events_;
};

} // namespace netstack
