// pause and unpause: holding all processes of a container.
//
// A container with a control group is held by it (cgroup.freeze): no process notices. One without has no such thing, and the
// limits that it does without are the only reason for a group here. So its processes are sent SIGSTOP, again and again until
// there is none left that runs; a stopped process cannot fork, so this comes to an end. The difference shows inside: a parent
// that waits with WUNTRACED hears of it, and a process that was stopped already goes on with `unpause`. The pause is not
// recorded anywhere: whether the first process is stopped is what counts.
#pragma once

#include "lib/container_store.h"

#include <string>
#include <vector>

namespace lib {

Outcomes pause_containers(Engine& engine, const std::vector<std::string>& names);
Outcomes unpause_containers(Engine& engine, const std::vector<std::string>& names);

/// What unpause does. Throws Error.
void resume_processes(const ContainerState& state, const std::string& name);

} // namespace lib
