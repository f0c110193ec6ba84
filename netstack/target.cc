// Sockets towards the container, see netstack/target.h.
#include "netstack/target.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace netstack {
namespace {

/// The socket address of one end, in either family.
class SocketAddress {
public:
    SocketAddress(Family family, const in_addr& v4, const in6_addr& v6, std::uint16_t port) noexcept {
        if (family == Family::v4) {
            v4_.sin_family = AF_INET;
            v4_.sin_port = htons(port);
            v4_.sin_addr = v4;
        } else {
            v6_.sin6_family = AF_INET6;
            v6_.sin6_port = htons(port);
            v6_.sin6_addr = v6;
        }
        is_v4_ = family == Family::v4;
    }
    const sockaddr* get() const noexcept {
        return is_v4_ ? reinterpret_cast<const sockaddr*>(&v4_) : reinterpret_cast<const sockaddr*>(&v6_);
    }
    socklen_t size() const noexcept { return is_v4_ ? sizeof v4_ : sizeof v6_; }

private:
    sockaddr_in v4_{};
    sockaddr_in6 v6_{};
    bool is_v4_;
};

} // namespace

UniqueFd open_target(const NetworkAddresses& addresses, Family family) noexcept {
    UniqueFd fd(::socket(family == Family::v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fd;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // Each short connection leaves its port in TIME_WAIT for a minute, here where it is closed first: 28 000 of them and
    // there would be no port left. net.ipv4.tcp_tw_reuse=2, the default, frees them after a second on the loopback
    // interface, which the kernel knows by its addresses in 127/8, ::1, or by this (unprivileged since kernel 5.7).
    ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo");
    // The port is chosen at connect, where it need be unique only for this target (ip(7), kernel 4.2).
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const SocketAddress source(family, addresses.gateway_v4, addresses.gateway_v6, 0);
    if (::bind(fd.get(), source.get(), source.size()) == 0) return fd;
    const int error = errno;
    fd.reset();
    errno = error;
    return fd;
}

Connect connect_target(int fd, const NetworkAddresses& addresses, Family family, std::uint16_t port) noexcept {
    const SocketAddress target(family, addresses.container_v4, addresses.container_v6, port);
    if (::connect(fd, target.get(), target.size()) == 0) return Connect::done;
    return errno == EINPROGRESS ? check_target(fd) : Connect::refused;
}

// Not by calling connect(2) again: after a reset that would throw the received data away with the connection.
Connect check_target(int fd) noexcept {
    std::uint8_t state = 0; // tcp_info's first field
    socklen_t size = sizeof state;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) != 0) return Connect::refused;
    if (state == TCP_SYN_SENT) return Connect::in_progress;
    if (state != TCP_CLOSE) return Connect::done;
    int error = 0;
    size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return Connect::refused;
    return error == 0 || error == ECONNRESET || error == EPIPE ? Connect::reset : Connect::refused;
}

} // namespace netstack
