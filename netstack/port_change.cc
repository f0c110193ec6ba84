// See netstack/port_change.h.
#include "netstack/port_change.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace netstack {
namespace {

constexpr int patience_ms = 1000;

/// A message that is a PortChange, and room for a descriptor.
struct Message {
    explicit Message(PortChange& change) noexcept : piece{&change, sizeof change} {
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
    }
    iovec piece;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
};

} // namespace

bool send_port_change(int socket, const PortChange& change, int listener) noexcept {
    PortChange copy = change;
    Message message(copy);
    if (listener >= 0) {
        cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof listener);
        std::memcpy(CMSG_DATA(control), &listener, sizeof listener);
    } else {
        message.header.msg_control = nullptr;
        message.header.msg_controllen = 0;
    }
    for (char late = 0; ::recv(socket, &late, 1, MSG_DONTWAIT) == 1;) {} // the answer to one that was given up
    if (::sendmsg(socket, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(sizeof copy)) return false;
    pollfd answer{socket, POLLIN, 0};
    while (true) {
        const int ready = ::poll(&answer, 1, patience_ms);
        if (ready < 0 && errno == EINTR) continue;
        char byte = 0;
        return ready == 1 && ::recv(socket, &byte, 1, MSG_DONTWAIT) == 1;
    }
}

std::optional<ReceivedChange> receive_port_change(int socket, bool& ended) noexcept {
    ReceivedChange received;
    Message message(received.change);
    const ssize_t count = ::recvmsg(socket, &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    ended = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (count < 0) return std::nullopt;
    const cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    if (control != nullptr && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
        received.listener.reset(fd);
    }
    if (count != static_cast<ssize_t>(sizeof received.change)) return std::nullopt;
    if (received.change.kind == PortChange::Kind::add && !received.listener) return std::nullopt;
    return received;
}

void answer_port_change(int socket) noexcept { ::send(socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT); }

} // namespace netstack
