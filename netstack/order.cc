// See netstack/order.h.
#include "netstack/order.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace netstack {
namespace {

constexpr int patience_ms = 1000;

/// A message that is an Order, and room for a descriptor.
struct Message {
    explicit Message(Order& order) noexcept : piece{&order, sizeof order} {
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

int send_order(int socket, const Order& order, int fd) noexcept {
    Order copy = order;
    Message message(copy);
    if (fd >= 0) {
        cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
    } else {
        message.header.msg_control = nullptr;
        message.header.msg_controllen = 0;
    }
    for (char late = 0; ::recv(socket, &late, 1, MSG_DONTWAIT) == 1;) {} // the answer to one that was given up
    if (::sendmsg(socket, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(sizeof copy)) return ETIMEDOUT;
    pollfd answer{socket, POLLIN, 0};
    while (true) {
        const int ready = ::poll(&answer, 1, patience_ms);
        if (ready < 0 && errno == EINTR) continue;
        unsigned char error = 0;
        return ready == 1 && ::recv(socket, &error, 1, MSG_DONTWAIT) == 1 ? error : ETIMEDOUT;
    }
}

std::optional<ReceivedOrder> receive_order(int socket, bool& ended) noexcept {
    ReceivedOrder received;
    Message message(received.order);
    const ssize_t count = ::recvmsg(socket, &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    ended = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (count < 0) return std::nullopt;
    const cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    if (control != nullptr && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
        received.fd.reset(fd);
    }
    if (count != static_cast<ssize_t>(sizeof received.order)) return std::nullopt;
    if (received.order.kind != Order::Kind::remove_port && !received.fd) return std::nullopt;
    return received;
}

void answer_order(int socket, int error) noexcept {
    const auto byte = static_cast<unsigned char>(error);
    ::send(socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace netstack
