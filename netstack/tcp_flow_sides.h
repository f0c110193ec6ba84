// The two sides of a connection of TcpFlows: a socket of the host's, frames to the container. For the files of that class alone.
#pragma once

#include "netstack/tcp_flows.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace netstack {

class TcpFlows::HostStream final : public tcp::Stream {
public:
    explicit HostStream(Flow& flow) noexcept : flow_(flow) {}

    bool maybe_readable() const noexcept override { return flow_.readable; }

    tcp::IoResult read(const tcp::Pieces<wire::MutableBytes>& into) noexcept override {
        std::array<iovec, 2> pieces{{{into.first.data(), into.first.size()}, {into.second.data(), into.second.size()}}};
        msghdr message = message_of(pieces, into.second.size());
        ssize_t count;
        do count = ::recvmsg(flow_.socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        while (count < 0 && errno == EINTR);
        if (count > 0) {
            // A short read has emptied the socket; the next byte is an event (epoll(7)), an end that is there already is not, nor is what
            // follows something urgent, where each read stops.
            if (static_cast<std::size_t>(count) < into.size() && !flow_.reads_short) flow_.readable = false;
            return {tcp::Io::done, static_cast<std::uint32_t>(count)};
        }
        if (count == 0) return {flow_.was_reset ? tcp::Io::failed : tcp::Io::ended};
        if (errno != EAGAIN) return {tcp::Io::failed};
        flow_.readable = false;
        return {tcp::Io::blocked};
    }

    tcp::IoResult write(const tcp::Pieces<wire::Bytes>& from) noexcept override {
        if (!flow_.writable) return {tcp::Io::blocked};
        std::array<iovec, 2> pieces{{{const_cast<std::byte*>(from.first.data()), from.first.size()},
                                     {const_cast<std::byte*>(from.second.data()), from.second.size()}}};
        const msghdr message = message_of(pieces, from.second.size());
        ssize_t count;
        do count = ::sendmsg(flow_.socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (count < 0 && errno == EINTR);
        if (count > 0) {
            if (static_cast<std::size_t>(count) < from.size()) flow_.writable = false;
            return {tcp::Io::done, static_cast<std::uint32_t>(count)};
        }
        if (count < 0 && errno != EAGAIN) return {tcp::Io::failed};
        flow_.writable = false;
        return {tcp::Io::blocked};
    }

    void finish() noexcept override { ::shutdown(flow_.socket.get(), SHUT_WR); }

private:
    static msghdr message_of(std::array<iovec, 2>& pieces, std::size_t second) noexcept {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = second == 0 ? 1 : 2;
        return message;
    }

    Flow& flow_;
};

class TcpFlows::ContainerSink final : public tcp::SegmentSink {
public:
    ContainerSink(FrameWriter& frames, const FlowKey& key) noexcept : frames_(frames), key_(key) {}
    void send(const tcp::Segment& segment) noexcept override {
        frames_.send_tcp({key_.remote, key_.container, key_.remote_port, key_.container_port}, segment);
    }

private:
    FrameWriter& frames_;
    const FlowKey& key_;
};

/// Calls `call(connection, environment)` and draws the consequences.
template <class Call>
void TcpFlows::with_connection(std::uint32_t index, Call call) noexcept {
    Flow& flow = flows_[index];
    HostStream host(flow);
    const bool to_names = flow.direction == Direction::to_names;
    tcp::Stream& stream = to_names ? static_cast<tcp::Stream&>(names_[flow.conversation]) : host;
    ContainerSink sink(around_.frames, flow.key);
    tcp::Environment env{sink, stream, up_blocks_, down_blocks_, around_.counters.machine, around_.now};
    call(flow.connection, env);
    if (to_names) {
        while (flow.connection.is_open() && names_[flow.conversation].takes_more()) flow.connection.stream_ready(env);
        names_.settle(flow.conversation);
    }
    settle(index);
}

} // namespace netstack
