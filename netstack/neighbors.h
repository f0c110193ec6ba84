// Who is on the link: ARP, neighbour discovery and router advertisements, answered for the gateway.
#pragma once

#include "netstack/surroundings.h"
#include "netstack/wire/ethernet.h"
#include "netstack/wire/icmp.h"

namespace netstack {

/// The gateway's link-local address: routers advertise themselves by it (RFC 4861, 4.2).
wire::Address gateway_link_local() noexcept;

void answer_arp(Surroundings& around, const wire::ArpView& arp) noexcept;
/// Neighbour and router solicitations; true when `message` was one.
bool answer_discovery(Surroundings& around, const wire::IpView& packet, const wire::IcmpView& message) noexcept;

} // namespace netstack
