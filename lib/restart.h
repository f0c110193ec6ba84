// restart: stop and start in one.
#pragma once

#include "lib/containers.h"
#include "lib/run.h"

namespace lib {

/// Running ones are stopped, all of them at the same time, and then all are started. Throws nothing for a single container.
Outcomes restart_containers(Engine& engine, const std::vector<std::string>& names, const StopOptions& options, const Callbacks& callbacks);

} // namespace lib
