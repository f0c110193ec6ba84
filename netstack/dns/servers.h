// The host's name servers, as resolv.conf(5) names them at this moment.
#pragma once

#include "netstack/host_address.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace netstack::dns {

inline constexpr std::uint16_t port = 53;

/// At most three, as in the C library (MAXNS). None named: the machine's own, on the loopback (resolv.conf(5)).
struct ServerList {
    std::array<SocketName, 3> servers;
    std::size_t count = 0;
    std::span<const SocketName> all() const noexcept { return std::span(servers).first(count); }
};
ServerList parse_servers(std::string_view resolv_conf) noexcept;

} // namespace netstack::dns
