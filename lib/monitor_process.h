// How a forked monitor becomes a process of its own, and what it tells the command that forked it.
#pragma once

#include "base/lock.h"
#include "base/unique_fd.h"
#include "lib/monitor.h"

namespace lib {

/// Detaches from everything that belongs to the command that forked us.
void leave_the_command(const MonitorJob& job);

/// The container's `monitor` lock, empty. Throws Error where the last run's monitor does not let go of it.
FileLock take_monitor_lock(const ContainerDir& dir);

/// Nothing a terminal or a shell sends may end the monitor; a request to end is the container's to answer. From here on signals
/// are read from this signalfd.
UniqueFd route_signals();

/// The one report; see await_report().
void send_report(int fd, const StartReport& report) noexcept;

} // namespace lib
