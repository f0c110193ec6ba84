// Telling systemd that a service is ready: sd_notify(3)'s protocol, without libsystemd.
#pragma once

#include "base/unique_fd.h"

#include <string>
#include <string_view>

namespace lib {

/// $NOTIFY_SOCKET; empty where nobody waits for a word.
std::string notify_socket();

/// One datagram to a notify socket (a path, or "@" and an abstract name). A socket that is gone is no error: whoever waited
/// for it has given up.
void send_notification(const std::string& socket, std::string_view message) noexcept;

/// A notify socket for the container, and its words passed on. Only what says something of the service's state is: its
/// process ids mean nothing outside, and descriptors are not a container's to store in systemd.
class NotifyProxy {
public:
    NotifyProxy() = default;
    /// Makes `directory`/notify.sock. Throws SysError.
    NotifyProxy(const std::string& directory, std::string upstream);

    explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
    int fd() const noexcept { return socket_.get(); }
    /// Reads and passes on what has come.
    void relay() noexcept;

private:
    UniqueFd socket_;
    std::string upstream_;
};

/// The lines of a message that may pass.
std::string passable_notification(std::string_view message);

} // namespace lib
