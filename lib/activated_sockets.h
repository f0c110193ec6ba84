// Listening sockets that somebody has opened for this command, as systemd does for a service with a .socket unit (sd_listen_fds(3)): a way to
// publish a port below 1024, or one that answers before the container is there.
#pragma once

#include "base/unique_fd.h"
#include "lib/publish.h"

namespace lib {

/// A copy of the one on this port, address and protocol; empty where there is none. Descriptors 3 to 2 + $LISTEN_FDS, if $LISTEN_PID is this
/// process; they stay open. A mapping without an address takes a socket on 0.0.0.0 or on [::].
UniqueFd find_activated_socket(const PortMapping& mapping) noexcept;

} // namespace lib
