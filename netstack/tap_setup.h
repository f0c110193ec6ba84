// Making the container's network interface, from inside its network namespace.
//
// A TAP belongs to the namespace it was opened in, and whoever configures it needs CAP_NET_ADMIN there: that is the
// container's first process, before it gives up its privileges. It makes the device, addresses and routes in one step of its
// start, hands the device's descriptor back over a socket and forgets it; so no other process enters the namespace, and the
// container's program finds its network complete. The code is zone C (docs/conventions.md): it runs between clone and exec.
#pragma once

#include "base/unique_fd.h"
#include "netstack/link.h"

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace netstack {

inline constexpr const char* tun_device = "/dev/net/tun";
inline constexpr const char* interface_name = "eth0";

/// Plain data for configure_tap().
struct TapPlan {
    int report_fd = -1;            ///< a Unix socket; gets one TapReport, with the device if it was made
    std::uint32_t mtu = 1500;
    in_addr address_v4{};
    in_addr gateway_v4{};
    std::uint8_t prefix_v4 = 24;
    in6_addr address_v6{};
    in6_addr gateway_v6{};
    std::uint8_t prefix_v6 = 64;
};

enum class TapStage : std::int32_t { done, open, create, offload, netlink, link, address_v4, route_v4 };

struct TapReport {
    TapStage stage = TapStage::done; ///< what failed
    std::int32_t error = 0;
    std::uint8_t udp_segmentation = 0;
    std::uint8_t has_v6 = 0;         ///< the kernel has IPv6, and it is configured
};

/// `plan` points to a TapPlan. Says what became of it on report_fd; returns 0 in any case, for a container may well start
/// without a way out.
int configure_tap(const void* plan) noexcept;

/// What configure_tap() has reported.
struct Tap {
    UniqueFd device; ///< non-blocking; invalid where it failed
    LinkFeatures features;
    std::string problem; ///< why there is none, with the fix where one is known
};
/// Takes the report from the other end of the socket; the process that was to send it must have come past that step or be
/// gone, with no copy of the sending end left open elsewhere.
Tap receive_tap(int socket) noexcept;

/// Why /dev/net/tun cannot be used by this user, with the fix; empty where it can.
std::string tun_problem();

/// The plan for a container of the default network on this host as it is now: its MTU is the uplink's.
TapPlan default_tap_plan() noexcept;

} // namespace netstack
