// The process beside the monitor that is a container's way to the world (netstack/stack.h), or without an interface of its
// own forwards its published ports (netstack/forward.h).
#pragma once

#include "lib/publish.h"
#include "netstack/link.h"
#include "netstack/policy.h"

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace lib {

/// What it is given; the descriptors stay the caller's.
struct NetProcess {
    std::span<const Listener> listeners; ///< each known by its number in `ids`
    std::span<const std::uint32_t> ids;
    int container_pidfd = -1;        ///< it ends with the container
    std::string container_name;
    int tap = -1;                    ///< -1: there is none
    netstack::LinkFeatures features;
    std::uint16_t mtu = 1500;
    int control = -1;                ///< with a tap: where orders come from (netstack/order.h)
    int counters = -1;               ///< the file where it shows its work (lib/network_stats.h); -1: nowhere
    int journal = -1;                ///< with a tap: the connections, for who follows (netstack/flow_journal.h)
    int done = -1;                   ///< closed once the listeners are
    int release = -1;                ///< with a tap: it stays until the other end is closed, and so is who closes the interface last
    std::vector<std::string> names;  ///< that the name server answers with the container's address
    netstack::PolicyRules rules;
    std::string resolv_conf;         ///< with a tap: what this machine's says; its changes come as orders
};

/// Forks it. Called by the monitor, which is single-threaded. Throws SysError.
pid_t start_net_process(const NetProcess& process);

} // namespace lib
