// Addresses of the host's sockets, and errors of its network in the words of ICMP.
#pragma once

#include "netstack/wire/address.h"
#include "netstack/wire/icmp.h"

#include <sys/socket.h>

#include <cstdint>
#include <optional>

namespace netstack {

/// A socket address of either family.
class SocketName {
public:
    SocketName() noexcept = default;
    /// `scope`: the interface of a link-local address.
    SocketName(const wire::Address& address, std::uint16_t port, std::uint32_t scope = 0) noexcept;

    sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t* size() noexcept { return &size_; }
    socklen_t length() const noexcept { return size_; }
    int family() const noexcept { return storage_.ss_family; }

    /// :: and 0 where it is of no IP family.
    wire::Address address() const noexcept;
    std::uint16_t port() const noexcept;
    bool operator==(const SocketName& other) const noexcept;

private:
    sockaddr_storage storage_{};
    socklen_t size_ = sizeof(sockaddr_storage);
};

/// The address this machine speaks to the outside with, and the MTU of that way. Nothing is sent. Nothing without a route.
struct MachineRoute {
    wire::Address address;
    std::uint32_t mtu = 0;
};
std::optional<MachineRoute> find_route(bool v4) noexcept;

/// An errno of connect(2), send(2) or SO_ERROR; nothing where silence is the answer (a timeout, shortness of something).
std::optional<wire::Unreachable> unreachable_of(int error) noexcept;

} // namespace netstack
