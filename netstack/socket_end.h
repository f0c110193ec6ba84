// How a TCP socket of the host ends: by a reset, or with what the kernel still has (socket(7), SO_LINGER).
#pragma once

#include "base/unique_fd.h"

#include <sys/socket.h>

namespace netstack {

/// From here on closing is a reset, and so is the death of this process: it must not look as if all had been said.
inline void reset_when_closed(int fd) noexcept {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/// Closes with RST.
inline void reset_socket(UniqueFd& socket) noexcept {
    if (socket) reset_when_closed(socket.get());
    socket.reset();
}

/// Both ends have been said: the kernel brings out what it still has.
inline void close_orderly(UniqueFd& socket) noexcept {
    const linger never{};
    if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &never, sizeof never);
    socket.reset();
}

} // namespace netstack
