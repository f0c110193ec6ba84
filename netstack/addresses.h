// The addresses of a container's network, the same in every namespace of tier T2 (each is a network of its own).
//
// A forwarded connection comes from the gateway, never from 127.0.0.1 or ::1: a service that trusts its own loopback must
// not take the world for it (CVE-2021-20199). IPv6 uses the unique local prefix fd88::/64 (RFC 4193).
#pragma once

#include <netinet/in.h>

namespace netstack {

inline constexpr const char* container_v4_text = "10.88.0.2"; ///< what inspect shows
inline constexpr const char* gateway_v4_text = "10.88.0.1";
inline constexpr const char* host_v4_text = "169.254.1.2"; ///< stands for this machine (Podman's choice, too)
inline constexpr const char* host_v6_text = "fd88:0:0:1::2"; ///< the same in IPv6: beyond the link, by the default route
inline constexpr int prefix_v4 = 24; ///< of the link that container and gateway are on
inline constexpr int prefix_v6 = 64;
inline constexpr const char* container_v6_text = "fd88::2";
inline constexpr const char* gateway_v6_text = "fd88::1";

/// The two ends of a forwarded connection inside the namespace, each as IPv4 and IPv6.
struct NetworkAddresses {
    in_addr container_v4; ///< connected to
    in_addr gateway_v4;   ///< connected from
    in6_addr container_v6;
    in6_addr gateway_v6;
};

/// The constants above in binary form (network byte order).
NetworkAddresses default_addresses() noexcept;

} // namespace netstack
