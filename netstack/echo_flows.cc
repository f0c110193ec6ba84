// See netstack/echo_flows.h.
#include "netstack/echo_flows.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace netstack {

void EchoFlows::arrived(const wire::IpView& packet, const wire::IcmpView& request) noexcept {
    const wire::Address& to = packet.destination();
    const SpecialAddresses& special = around_.policy.addresses();
    if (to == special.gateway_v4 || to == special.gateway_v6 || to == special.host)
        return reply(to, packet.source(), request.echo_id(), request.echo_sequence(), request.payload());
    const Decision decision = around_.decide(to);
    FlowCounters& counted = around_.counters.icmp.flows;
    const auto refuse = [&](wire::Unreachable why) noexcept {
        ++(why == wire::Unreachable::prohibited ? counted.prohibited : counted.unreachable);
        around_.frames.send_unreachable(around_.gateway(to), packet, why);
    };
    switch (decision.verdict) {
    case Verdict::go: break;
    case Verdict::refused:
    case Verdict::prohibited: return refuse(wire::Unreachable::prohibited);
    case Verdict::no_route: return refuse(wire::Unreachable::network);
    case Verdict::ignored: return;
    }
    const std::uint32_t index = find_or_make(packet, {packet.source(), to, request.echo_id(), 0}, decision.target);
    if (index == FlowIndex::none) return;
    flows_[index].used = around_.now;
    if (::send(flows_[index].socket.get(), request.all().data(), request.all().size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        if (const auto why = unreachable_of(errno)) refuse(*why);
}

/// The kernel gives each ping socket an id of its own, so each id of the container's has a socket.
std::uint32_t EchoFlows::find_or_make(const wire::IpView& packet, const FlowKey& key, const wire::Address& target) noexcept {
    std::uint32_t found = FlowIndex::none, oldest = FlowIndex::none;
    flows_.for_each([&](std::uint32_t index) {
        if (flows_[index].key == key) found = index;
        if (oldest == FlowIndex::none || flows_[index].used < flows_[oldest].used) oldest = index;
    });
    if (found != FlowIndex::none) return found;
    FlowCounters& counted = around_.counters.icmp.flows;
    const SocketName name(target, 0);
    UniqueFd socket(target.is_v4() ? ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP)
                                   : ::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    if (!socket || ::connect(socket.get(), name.get(), name.length()) != 0) {
        const auto why = unreachable_of(errno);
        ++(!why ? counted.dropped : *why == wire::Unreachable::prohibited ? counted.prohibited : counted.unreachable);
        if (why) around_.frames.send_unreachable(around_.gateway(key.remote), packet, *why);
        return FlowIndex::none;
    }
    if (flows_.full()) {
        ++counted.dropped;
        flows_.give_back(oldest);
    }
    ++counted.total;
    const std::uint32_t index = flows_.take();
    flows_[index].key = key;
    flows_[index].socket = std::move(socket);
    const Token token{Owner::echo, index, flows_.generation(index)};
    if (around_.loop.watch(flows_[index].socket.get(), EPOLLIN, token.pack()) == 0) return index;
    flows_.give_back(index);
    return FlowIndex::none;
}

void EchoFlows::host_event(const Token& token, std::uint32_t) noexcept {
    Flow* flow = flows_.find(token.index, token.generation);
    if (flow == nullptr) return;
    const ssize_t count = ::recv(flow->socket.get(), around_.scratch.data(), around_.scratch.size(), MSG_DONTWAIT);
    if (count < 0) return; // an error, and off the socket now: pings get lost
    const auto message = wire::IcmpView::parse(wire::Bytes(around_.scratch).first(static_cast<std::size_t>(count)));
    if (!message || message->type() != (flow->key.remote.is_v4() ? wire::icmp::echo_reply : wire::icmp6::echo_reply)) return;
    reply(flow->key.remote, flow->key.container, flow->key.container_port, message->echo_sequence(), message->payload());
}

void EchoFlows::reply(const wire::Address& from, const wire::Address& to, std::uint16_t id, std::uint16_t sequence, wire::Bytes payload) noexcept {
    std::array<std::byte, wire::icmp_length> message{};
    wire::store8(message, 0, from.is_v4() ? wire::icmp::echo_reply : wire::icmp6::echo_reply);
    wire::store16(message, 4, id);
    wire::store16(message, 6, sequence);
    around_.frames.send_icmp(from, to, message, payload);
}

} // namespace netstack
