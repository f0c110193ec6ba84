// Published ports (netstack.md, tier T2): connections accepted outside go to a port inside, through the kernel's TCP on
// both legs and splice(2) between them. The theory of operation is in forward.cc.
#pragma once

#include "base/unique_fd.h"
#include "netstack/addresses.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace netstack {

enum class Transport : std::uint8_t { tcp, udp };

/// One published port.
struct Forward {
    UniqueFd listener;              ///< a listening stream socket, or a bound datagram socket, of the host's namespace; made non-blocking here
    std::uint16_t container_port;   ///< 1..65535
    Transport transport = Transport::tcp; ///< tier T2 has tcp alone
    std::uint32_t id = 0;           ///< by which it can be taken away (order.h)
};

struct ForwardPlan {
    std::vector<Forward> forwards;
    UniqueFd stop;                  ///< readable or hung up (a pipe whose writer is gone, a pidfd): time to end
    UniqueFd counters;              ///< as in StackPlan
    NetworkAddresses addresses = default_addresses();
    std::size_t max_flows = 8192;   ///< connections at a time; lowered to what RLIMIT_NOFILE allows
    /// After `stop` the listeners close at once; connections get this long to bring the container's last bytes out.
    std::chrono::milliseconds drain{2000};
};

/// Forwards until `stop` fires and the connections are drained. The calling thread must be in the container's network
/// namespace, where addresses were set up by configure_loopback; the listeners are from wherever they were made. Blocks
/// SIGPIPE in the calling thread (splice(2) has no MSG_NOSIGNAL). Returns 0, or the errno of a failed preparation
/// (nothing was forwarded then); no connection's failure ends it.
[[nodiscard]] int run_forwards(ForwardPlan plan) noexcept;

/// Raises the soft limit of open descriptors to the hard one: a flow takes two, and four more while data waits both ways.
void raise_descriptor_limit() noexcept;

} // namespace netstack
