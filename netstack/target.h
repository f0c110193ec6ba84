// Sockets towards the container: from the gateway's address to a port of the container's.
#pragma once

#include "base/unique_fd.h"
#include "netstack/addresses.h"

#include <cstdint>

namespace netstack {

enum class Family : std::uint8_t { v4, v6 };

/// A non-blocking socket bound to the gateway's address, port left open until connect; invalid with errno set.
UniqueFd open_target(const NetworkAddresses& addresses, Family family) noexcept;

enum class Connect {
    done,
    in_progress, ///< an event of the socket will tell
    refused,     ///< or otherwise impossible
    reset,       ///< it was connected and the service has reset it since; what it sent can still be read
};

/// Starts connecting. Inside one machine the handshake is over when connect(2) returns, so this is rarely `in_progress`.
[[nodiscard]] Connect connect_target(int fd, const NetworkAddresses& addresses, Family family, std::uint16_t port) noexcept;
/// How far connecting is, after an event.
[[nodiscard]] Connect check_target(int fd) noexcept;

} // namespace netstack
