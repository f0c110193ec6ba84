// update: other limits for a container that exists.
#pragma once

#include "lib/create_options.h"
#include "lib/engine.h"

#include <string>

namespace lib {

/// Puts the limits that are named in place of the container's, for this run and later ones, and returns its id. A running
/// container is changed first, so what is recorded also holds; one that was started without limits is moved to a cgroup. Throws
/// Error naming the option that makes no sense, and saying why a container cannot be moved.
std::string update_container(Engine& engine, const std::string& id_or_name, const LimitOptions& limits, const Notice& notice);

/// Another --restart policy, for the end of this run and later ones, and returns the id. A running container that was started
/// without one gets it with its next start, which `notice` hears.
std::string update_restart_policy(const Engine& engine, const std::string& id_or_name, const std::string& policy, const Notice& notice);

} // namespace lib
