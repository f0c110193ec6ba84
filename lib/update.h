// update: other limits for a container that exists.
#pragma once

#include "lib/create_options.h"
#include "lib/engine.h"

#include <string>
#include <vector>

namespace lib {

/// Puts the limits that are named in place of the container's, for this run and later ones, and returns its id. A running
/// container is changed first, so what is recorded also holds; one that was started without limits is moved to a cgroup. Throws
/// Error naming the option that makes no sense, and saying why a container cannot be moved.
std::string update_container(Engine& engine, const std::string& id_or_name, const LimitOptions& limits, const Notice& notice);

/// Publishes further ports and takes others away, words as those of -p; one to be taken away may also be the container's port alone, "80"
/// or "53/udp". At once where the container runs, connections that there are stay; and for later runs. Returns the id. Throws
/// Error for a port that is there or is not there, cannot be had, or has no meaning with the container's network.
std::string update_ports(const Engine& engine, const std::string& id_or_name, const std::vector<std::string>& add,
                         const std::vector<std::string>& remove);

/// Another --restart policy, for the end of this run and later ones, and returns the id. A running container that was started
/// without one gets it with its next start, which `notice` hears.
std::string update_restart_policy(const Engine& engine, const std::string& id_or_name, const std::string& policy, const Notice& notice);

} // namespace lib
