// The process beside the monitor that forwards a container's published ports (netstack/forward.h).
#pragma once

#include "lib/publish.h"

#include <sys/types.h>

#include <span>
#include <string>

namespace lib {

/// Forks it. It ends with the container; `listeners` stay the caller's. Called by the monitor, which is single-threaded.
pid_t start_net_process(std::span<const Listener> listeners, int container_pidfd, const std::string& container_name);

} // namespace lib
