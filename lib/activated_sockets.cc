// See lib/activated_sockets.h.
#include "lib/activated_sockets.h"

#include "netstack/host_address.h"
#include "netstack/policy.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace lib {
namespace {

constexpr int first_descriptor = 3; // SD_LISTEN_FDS_START
constexpr int most_sockets = 1000;

int number_of(const char* variable) noexcept {
    const char* const text = std::getenv(variable);
    const std::string_view digits = text != nullptr ? text : "";
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

int option_of(int fd, int option) noexcept {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool serves(int fd, const PortMapping& mapping) noexcept {
    const bool is_udp = mapping.transport == Transport::udp;
    if (option_of(fd, SO_TYPE) != (is_udp ? SOCK_DGRAM : SOCK_STREAM) || (!is_udp && option_of(fd, SO_ACCEPTCONN) != 1)) return false;
    netstack::SocketName name;
    if (::getsockname(fd, name.get(), name.size()) != 0 || (name.family() != AF_INET && name.family() != AF_INET6)) return false;
    if (name.port() != mapping.host_port) return false;
    if (mapping.host_ip.empty()) return name.address().is_unspecified();
    const auto wanted = netstack::parse_address(mapping.host_ip);
    return wanted && *wanted == name.address() && (name.family() == AF_INET) == (mapping.host_ip.find(':') == std::string::npos);
}

} // namespace

UniqueFd find_activated_socket(const PortMapping& mapping) noexcept {
    if (mapping.host_port == 0 || number_of("LISTEN_PID") != ::getpid()) return {};
    const int end = first_descriptor + std::min(number_of("LISTEN_FDS"), most_sockets);
    for (int fd = first_descriptor; fd < end; ++fd)
        if (serves(fd, mapping)) return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, first_descriptor));
    return {};
}

} // namespace lib
