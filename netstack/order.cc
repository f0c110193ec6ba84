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

/// A message that is an Order and perhaps a text, and room for a descriptor.
struct Message {
    Message(Order& order, char* text, std::size_t size) noexcept : pieces{{{&order, sizeof order}, {text, size}}} {
        header.msg_iov = pieces.data();
        header.msg_iovlen = pieces.size();
        header.msg_control = control.data();
        header.msg_controllen = control.size();
    }
    std::array<iovec, 2> pieces;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
};

} // namespace

int send_order(int socket, const Order& order, int fd, std::string_view text) noexcept {
    Order copy = order;
    Message message(copy, const_cast<char*>(text.data()), text.size()); // sendmsg(2) only reads
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
    if (::sendmsg(socket, &message.header, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(sizeof copy + text.size())) return ETIMEDOUT;
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
    Message message(received.order, received.bytes.data(), received.bytes.size());
    const ssize_t count = ::recvmsg(socket, &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    ended = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (count < 0) return std::nullopt;
    const cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    if (control != nullptr && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
        received.fd.reset(fd);
    }
    if (count < static_cast<ssize_t>(sizeof received.order)) return std::nullopt;
    received.size = static_cast<std::size_t>(count) - sizeof received.order;
    const Order::Kind kind = received.order.kind;
    if ((kind == Order::Kind::add_port || kind == Order::Kind::capture) && !received.fd) return std::nullopt;
    return received;
}

void answer_order(int socket, int error) noexcept {
    const auto byte = static_cast<unsigned char>(error);
    ::send(socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace netstack
