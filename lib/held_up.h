// Why a container that was killed is still there. SIGKILL ends nothing that the kernel cannot let go: the first process of a
// pid namespace waits until all others in it have ended and were reaped, by parents outside too (those of `exec`), and a
// process in uninterruptible sleep takes no signal at all.
#pragma once

#include "lib/container_store.h"
#include "lib/processes.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace lib {

/// What the kernel, and then the monitor, may take for their part of an end. Nobody waits longer.
constexpr std::chrono::seconds patience_after_kill(10);

/// For a container whose first process got SIGKILL and did not end: says what holds it up, and what to do.
Error cannot_be_ended(const ContainerRecord& record, const ContainerState& state);
/// For a container without a process, whose monitor has something to do still: looks at `is_done` again with each change of the
/// state, and at the monitor's end. Throws an Error when that takes too long.
void wait_for_monitor_until(const ContainerDir& dir, const ContainerRecord& record, const std::function<bool()>& is_done);

/// The sentence about the process to blame. `others`: as processes_below(first) has them; `find`: any process of the host.
std::string explain_survivor(const std::vector<ProcessInfo>& others, pid_t first,
                             const std::function<std::optional<ProcessInfo>(pid_t)>& find);

} // namespace lib
