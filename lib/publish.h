// Published ports: the words of `-p` and the listening sockets they ask for.
//
//   -p 8080:80            every address of the host, IPv4 and IPv6
//   -p 127.0.0.1:8080:80  that address only;  -p [::1]:8080:80 likewise
//   -p 127.0.0.1::80      a port chosen by the kernel, on that address;  -p 80 on every address
//   -p 53:53/udp          UDP; without the word it is TCP
//   -p 8000-8010:80-90    one mapping for each pair;  -p 80-82 one chosen port for each
#pragma once

#include "base/unique_fd.h"
#include "netstack/forward.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

using netstack::Transport;

std::string_view to_string(Transport transport);

/// One port of the container, and where the host offers it.
struct PortMapping {
    std::string host_ip;               ///< numeric, without brackets; empty: every address, IPv4 and IPv6
    std::uint16_t host_port = 0;       ///< 0: chosen by the kernel
    std::uint16_t container_port = 0;  ///< 1..65535
    Transport transport = Transport::tcp;
    /// "80/tcp".
    std::string container_side() const;
    bool operator==(const PortMapping&) const = default;
};

/// Reads one `-p` word, `[ip:][hostPort]:containerPort[/tcp|/udp]` or `containerPort`, ranges expanded. Throws Error.
std::vector<PortMapping> parse_publish(std::string_view word);

/// The ports that an image names, "80/tcp", and those of --expose. Throws Error.
std::vector<std::string> exposed_ports(std::vector<std::string> ports, const std::vector<std::string>& added);

/// A listening socket, for udp a bound one (close-on-exec, non-blocking), in the caller's network namespace.
struct Listener {
    UniqueFd fd;
    PortMapping asked;
    PortMapping resolved; ///< for display: the port in use, and 0.0.0.0 where no address was asked for
};

/// Opens every mapping's socket, or takes the one that was opened for this command (lib/activated_sockets.h), or none: throws Error naming the port that is in use (and by whom, where that can be
/// told), is below net.ipv4.ip_unprivileged_port_start, or is on an address the host does not have.
std::vector<Listener> open_listeners(std::span<const PortMapping> mappings);

} // namespace lib
