// See netstack/udp_flows.h.
#include "netstack/udp_flows.h"

#include "netstack/udp_message.h"
#include "netstack/wire/checksum.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netstack {
namespace {

constexpr std::int64_t unanswered_ms = 30'000; ///< RFC 4787 REQ-5 asks two minutes; a name server's answer takes seconds
constexpr std::int64_t answered_ms = 180'000;
constexpr int receive_batch = 32;
constexpr std::size_t largest_run = 65'000;    ///< bytes; IP and UDP headers come on top

} // namespace

int UdpFlows::reserve(std::uint32_t capacity) noexcept {
    if (const int error = flows_.reserve(capacity)) return error;
    if (const int error = index_.reserve(capacity)) return error;
    capacity_ = capacity;
    return wheel_.reserve(capacity, around_.now);
}

bool UdpFlows::arrived(const wire::IpView& packet, const wire::UdpView& datagram, std::size_t segment_size) noexcept {
    const FlowKey key{packet.source(), packet.destination(), datagram.source_port(), datagram.destination_port()};
    if (run_.flow != FlowIndex::none && !(flows_[run_.flow].key == key)) flush();
    const std::uint32_t index = run_.flow != FlowIndex::none ? run_.flow : find_or_make(packet, key);
    if (index == FlowIndex::none) return false;
    flows_[index].used = around_.now;
    const wire::Bytes payload = datagram.payload();
    if (segment_size != 0 && payload.size() > segment_size) {
        flush();
        send_segmented(index, payload, segment_size);
        return false;
    }
    // One that is larger than the first ends a run, and so does the first one that is smaller.
    const bool fits = run_.flow == FlowIndex::none ||
                      (payload.size() <= run_.size && run_.bytes == run_.count * run_.size && run_.count < run_.pieces.size() &&
                       run_.bytes + payload.size() <= largest_run && run_.size > 0 && !payload.empty());
    if (!fits) flush();
    if (run_.flow == FlowIndex::none) run_.flow = index, run_.size = payload.size(), run_.bytes = run_.count = 0;
    run_.pieces[run_.count++] = {const_cast<std::byte*>(payload.data()), payload.size()};
    run_.bytes += payload.size();
    return true;
}

std::uint32_t UdpFlows::find_or_make(const wire::IpView& packet, const FlowKey& key) noexcept {
    const std::uint32_t known = find(key);
    if (known != FlowIndex::none) return known;
    const wire::Address& from = around_.gateway(key.remote);
    FlowCounters& counted = around_.counters.udp.flows;
    const auto refuse = [&](wire::Unreachable why) noexcept {
        ++(why == wire::Unreachable::port ? counted.refused : why == wire::Unreachable::prohibited ? counted.prohibited : counted.unreachable);
        around_.frames.send_unreachable(from, packet, why);
        return FlowIndex::none;
    };
    const Decision decision = around_.decide(key.remote);
    switch (decision.verdict) {
    case Verdict::go: break;
    case Verdict::refused: return refuse(wire::Unreachable::port);
    case Verdict::no_route: return refuse(wire::Unreachable::network);
    case Verdict::prohibited: return refuse(wire::Unreachable::prohibited);
    case Verdict::ignored: return FlowIndex::none;
    }
    if (const std::uint32_t begun = begin_by_port(key, decision.target); begun != FlowIndex::none) return begun;
    const SocketName target(decision.target, key.remote_port);
    UniqueFd socket(::socket(target.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), target.get(), target.length()) != 0) {
        if (errno == EACCES) return FlowIndex::none; // a network's broadcast address (connect(2)): no error is due (RFC 1122, 3.2.2)
        if (const auto why = unreachable_of(errno)) return refuse(*why);
        ++counted.dropped;
        return FlowIndex::none;
    }
    const int on = 1;
    ::setsockopt(socket.get(), SOL_UDP, UDP_GRO, &on, sizeof on); // kernel 5.0; without it they come one by one
    make_room(Room::for_container);
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.socket = std::move(socket);
    if (around_.loop.watch(flow.socket.get(), EPOLLIN | EPOLLET, Token{Owner::udp, index, flows_.generation(index)}.pack()) != 0) {
        remove(index);
        return FlowIndex::none;
    }
    wheel_.set(index, around_.now + first_wait());
    return index;
}

std::int64_t UdpFlows::first_wait() noexcept { return unanswered_ms; }

std::uint32_t UdpFlows::find(const FlowKey& key) noexcept {
    return index_.find(key, [this](std::uint32_t index) noexcept -> const FlowKey& { return flows_[index].key; });
}

std::uint32_t UdpFlows::add(const FlowKey& key) noexcept {
    ++around_.counters.udp.flows.total;
    const std::uint32_t index = flows_.take();
    flows_[index].key = key;
    index_.insert(key, index);
    return index;
}

/// The flow that was quiet for longest gives way.
void UdpFlows::make_room(Room room) noexcept {
    const bool clients_only = room == Room::for_client && clients_ >= std::max(capacity_ / 2, 1U);
    if (!flows_.full() && !clients_only) return;
    std::uint32_t oldest = FlowIndex::none;
    flows_.for_each([&](std::uint32_t index) {
        if (clients_only && flows_[index].socket) return;
        if (oldest == FlowIndex::none || flows_[index].used < flows_[oldest].used) oldest = index;
    });
    ++around_.counters.udp.flows.dropped;
    remove(oldest);
}

void UdpFlows::flush() noexcept {
    if (run_.flow == FlowIndex::none) return;
    if (run_.count > 1) send_run();
    else send_each();
    run_.flow = FlowIndex::none;
}

/// Of run_'s flow; `segment_size` 0: one datagram.
ssize_t UdpFlows::send(std::span<iovec> pieces, std::size_t segment_size) noexcept {
    Flow& flow = flows_[run_.flow];
    UdpMessage message(pieces);
    if (segment_size != 0) message.set_segment_size(static_cast<std::uint16_t>(segment_size));
    if (flow.socket) return ::sendmsg(flow.socket.get(), message.get(), MSG_NOSIGNAL | MSG_DONTWAIT);
    flow.answered = true;
    message.set_destination(flow.peer);
    if (!flow.own.is_unspecified()) message.set_source(flow.own, flow.peer.family());
    return ::sendmsg(flow.port_socket, message.get(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void UdpFlows::send_run() noexcept {
    // EINVAL, EIO, EMSGSIZE: this kernel, device or path cannot take them together. An error of an earlier datagram is
    // reported once and is receive()'s to tell.
    if (send(std::span(run_.pieces).first(run_.count), run_.size) >= 0) return;
    if (errno == EAGAIN) around_.counters.udp.flows.dropped += run_.count;
    else send_each();
}

void UdpFlows::send_each() noexcept {
    for (std::size_t i = 0; i < run_.count; ++i) {
        if (send({&run_.pieces[i], 1}, 0) >= 0) continue;
        const int error = errno;
        if (error == EAGAIN || error == ENOBUFS) ++around_.counters.udp.flows.dropped;
        if (error == ECONNREFUSED) // of the datagram before: this one has not left yet
            if (send({&run_.pieces[i], 1}, 0) >= 0) {
                failed(run_.flow, error);
                continue;
            }
        failed(run_.flow, error);
    }
}

/// A packet the container's kernel has left uncut: it is cut here, or further on.
void UdpFlows::send_segmented(std::uint32_t index, wire::Bytes payload, std::size_t segment_size) noexcept {
    run_.flow = index;
    run_.size = segment_size;
    while (!payload.empty()) {
        for (run_.count = run_.bytes = 0; run_.count < run_.pieces.size() && !payload.empty();) {
            const wire::Bytes one = payload.first(std::min(segment_size, payload.size()));
            run_.pieces[run_.count++] = {const_cast<std::byte*>(one.data()), one.size()};
            payload = payload.subspan(one.size());
        }
        if (run_.count > 1) send_run();
        else send_each();
    }
    run_.flow = FlowIndex::none;
}

void UdpFlows::host_event(const Token& token, std::uint32_t) noexcept {
    if (flows_.find(token.index, token.generation) != nullptr) receive(token.index);
}

void UdpFlows::receive(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    for (int i = 0; i < receive_batch; ++i) {
        const wire::MutableBytes room = in_.room();
        iovec piece{room.data(), room.size()};
        UdpMessage message({&piece, 1});
        message.expect(nullptr);
        const ssize_t count = ::recvmsg(flow.socket.get(), message.get(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (count < 0 && errno == EAGAIN) return in_.flush();
        if (count < 0) {
            in_.flush();
            failed(index, errno);
            continue; // the error is off the socket now; data may follow
        }
        flow.used = around_.now;
        flow.answered = true;
        in_.add({flow.key.remote, flow.key.container, flow.key.remote_port, flow.key.container_port}, static_cast<std::size_t>(count),
                message.segment_size());
    }
    in_.flush();
    around_.loop.report_again(flow.socket.get(), EPOLLIN | EPOLLET, Token{Owner::udp, index, flows_.generation(index)}.pack());
}

/// Tells the container what became of a datagram, quoting one like it: the kernel looks at the ports only.
void UdpFlows::failed(std::uint32_t index, int error) noexcept {
    const Flow& flow = flows_[index];
    const auto why = error == EMSGSIZE ? std::optional(wire::Unreachable::too_big) : unreachable_of(error);
    if (!why) return;
    FlowCounters& counted = around_.counters.udp.flows;
    if (*why == wire::Unreachable::port) ++counted.refused;
    else if (*why != wire::Unreachable::too_big) ++counted.unreachable;
    std::array<std::byte, wire::ipv6_length + wire::udp_length> buffer{};
    const std::size_t header = wire::ip_length(flow.key.container.is_v4());
    wire::build_ip(buffer, {flow.key.container, flow.key.remote, wire::protocol_udp, 64, wire::udp_length});
    wire::build_udp(wire::MutableBytes(buffer).subspan(header), flow.key.container_port, flow.key.remote_port, 0);
    // RFC 792 and the kernel's own lookup want it from whoever it is about.
    const bool from_there = *why == wire::Unreachable::port;
    std::uint32_t mtu = around_.mtu;
    if (*why == wire::Unreachable::too_big) {
        int path = 0;
        socklen_t size = sizeof path;
        const bool v4 = flow.key.remote.is_v4();
        if (flow.socket && ::getsockopt(flow.socket.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &path, &size) == 0)
            mtu = static_cast<std::uint32_t>(path);
    }
    if (const auto quoted = wire::IpView::parse(wire::Bytes(buffer).first(header + wire::udp_length)))
        around_.frames.send_unreachable(from_there ? flow.key.remote : around_.gateway(flow.key.remote), *quoted, *why, mtu);
}

void UdpFlows::advance() noexcept {
    wheel_.advance(around_.now, [this](std::uint32_t index) noexcept {
        const Flow& flow = flows_[index];
        const std::int64_t end = flow.used + (flow.answered ? answered_ms : unanswered_ms);
        if (end <= around_.now) remove(index);
        else wheel_.set(index, end);
    });
}

void UdpFlows::remove(std::uint32_t index) noexcept {
    if (run_.flow == index) run_.flow = FlowIndex::none;
    if (!flows_[index].socket) --clients_;
    wheel_.cancel(index);
    index_.erase(flows_[index].key, index);
    flows_.give_back(index);
}

} // namespace netstack
