// See netstack/host_address.h.
#include "netstack/host_address.h"

#include "base/unique_fd.h"

#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace netstack {

SocketName::SocketName(const wire::Address& address, std::uint16_t port, std::uint32_t scope) noexcept {
    if (address.is_v4()) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        name.sin_addr.s_addr = htonl(address.v4());
        std::memcpy(&storage_, &name, size_ = sizeof name);
    } else {
        sockaddr_in6 name{};
        name.sin6_family = AF_INET6;
        name.sin6_port = htons(port);
        name.sin6_scope_id = scope;
        std::memcpy(&name.sin6_addr, address.all().data(), sizeof name.sin6_addr);
        std::memcpy(&storage_, &name, size_ = sizeof name);
    }
}

wire::Address SocketName::address() const noexcept {
    if (family() == AF_INET) {
        sockaddr_in name;
        std::memcpy(&name, &storage_, sizeof name);
        return wire::Address::v4(ntohl(name.sin_addr.s_addr));
    }
    if (family() != AF_INET6) return {};
    sockaddr_in6 name;
    std::memcpy(&name, &storage_, sizeof name);
    return wire::Address::from_v6(std::as_bytes(std::span(name.sin6_addr.s6_addr)));
}

std::uint16_t SocketName::port() const noexcept {
    // At the same place in both families.
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    if (family() != AF_INET && family() != AF_INET6) return 0;
    sockaddr_in name;
    std::memcpy(&name, &storage_, sizeof name);
    return ntohs(name.sin_port);
}

bool SocketName::operator==(const SocketName& other) const noexcept {
    return size_ == other.size_ && std::memcmp(&storage_, &other.storage_, size_) == 0;
}

std::optional<MachineRoute> find_route(bool v4) noexcept {
    // Addresses for documentation (RFC 5737, RFC 3849): nobody has them, so the default route leads there.
    std::array<std::byte, 16> documentation{{std::byte{0x20}, std::byte{0x01}, std::byte{0x0d}, std::byte{0xb8}}};
    const SocketName far(v4 ? wire::Address::v4(0xc6336401) : wire::Address::from_v6(documentation), 9);
    const UniqueFd fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), far.get(), far.length()) != 0) return std::nullopt;
    SocketName own;
    int mtu = 0;
    socklen_t size = sizeof mtu;
    if (::getsockname(fd.get(), own.get(), own.size()) != 0) return std::nullopt;
    if (::getsockopt(fd.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &size) != 0) return std::nullopt;
    return MachineRoute{own.address(), static_cast<std::uint32_t>(mtu)};
}

std::optional<wire::Unreachable> unreachable_of(int error) noexcept {
    switch (error) {
    case ECONNREFUSED: return wire::Unreachable::port;
    case EHOSTUNREACH: case EHOSTDOWN: return wire::Unreachable::host;
    case ENETUNREACH: case ENETDOWN: case EADDRNOTAVAIL: case EAFNOSUPPORT: return wire::Unreachable::network;
    case EACCES: case EPERM: return wire::Unreachable::prohibited;
    default: return std::nullopt;
    }
}

} // namespace netstack
