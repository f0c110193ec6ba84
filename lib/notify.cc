// sd_notify(3)'s protocol, see lib/notify.h.
#include "lib/notify.h"

#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace lib {
namespace {

constexpr const char* socket_name = "notify.sock";

/// What of a service's state a container may tell (sd_notify(3), "Well-known assignments").
constexpr std::string_view passing[] = {"READY=", "RELOADING=", "MONOTONIC_USEC=", "STOPPING=", "STATUS=", "ERRNO=",
                                        "WATCHDOG=", "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC="};

struct Address {
    sockaddr_un address{};
    socklen_t size = 0;
};

bool set_path(Address& a, const std::string& path) {
    if (path.empty() || path.size() >= sizeof a.address.sun_path) return false;
    a.address.sun_family = AF_UNIX;
    std::memcpy(a.address.sun_path, path.data(), path.size());
    if (path.front() == '@') a.address.sun_path[0] = '\0';
    a.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path.front() == '@' ? 0 : 1));
    return true;
}

UniqueFd datagram_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

} // namespace

std::string notify_socket() {
    const char* variable = std::getenv("NOTIFY_SOCKET");
    return variable != nullptr && (*variable == '/' || *variable == '@') ? variable : "";
}

void send_notification(const std::string& socket, std::string_view message) noexcept {
    Address to;
    const UniqueFd fd = datagram_socket();
    if (!fd || message.empty() || !set_path(to, socket)) return;
    [[maybe_unused]] const ssize_t sent = ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                                   reinterpret_cast<const sockaddr*>(&to.address), to.size);
}

std::string passable_notification(std::string_view message) {
    std::string kept;
    while (!message.empty()) {
        const std::string_view line = message.substr(0, message.find('\n'));
        message.remove_prefix(std::min(line.size() + 1, message.size()));
        if (std::ranges::any_of(passing, [&](std::string_view key) { return line.starts_with(key); })) kept.append(line).append("\n");
    }
    return kept;
}

NotifyProxy::NotifyProxy(const std::string& directory, std::string upstream) : upstream_(std::move(upstream)) {
    sys::ensure_dir(directory, 0755);
    const UniqueFd dir = sys::open(directory, O_PATH | O_DIRECTORY);
    sys::unlink_at(dir.get(), socket_name); // of an earlier run
    socket_ = datagram_socket();
    if (!socket_) throw SysError{errno, "make a notify socket"};
    Address at;
    // The store's path may be longer than a socket's may.
    if (!set_path(at, cat("/proc/self/fd/", dir.get(), "/", socket_name))) throw Error("the notify socket's path is too long");
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at.address), at.size) != 0) throw SysError{errno, cat("bind ", directory, "/", socket_name)};
    if (::fchmodat(dir.get(), socket_name, 0777, 0) != 0) throw SysError{errno, cat("chmod ", directory, "/", socket_name)};
}

void NotifyProxy::relay() noexcept {
    std::array<char, 4096> message;
    for (;;) {
        const ssize_t n = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
        if (n < 0) return;
        send_notification(upstream_, passable_notification({message.data(), static_cast<std::size_t>(n)}));
    }
}

} // namespace lib
