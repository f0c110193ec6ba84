// The loopback interface of a container's network namespace: up, with the container's and the gateway's addresses.
#pragma once

#include "netstack/addresses.h"

namespace netstack {

/// Brings `lo` of the calling thread's network namespace up and adds the four addresses, each to itself only (/32, /128).
/// Needs CAP_NET_ADMIN over that namespace. Doing it again changes nothing. A kernel or namespace without IPv6 is no
/// error; every other failure throws SysError. The kernel completes the IPv6 addresses in the background, some
/// milliseconds later.
void configure_loopback(const NetworkAddresses& addresses = default_addresses());

} // namespace netstack
