// Published UDP ports: clients of the container, see netstack/udp_flows.h.
#include "netstack/udp_flows.h"
#include "netstack/udp_message.h"

#include "netstack/dns/servers.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace netstack {
namespace {

constexpr int receive_batch = 32;
constexpr int port_attempts = 16;

std::uint16_t random_port() noexcept {
    std::uint16_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof number)) number = 4711;
    return static_cast<std::uint16_t>(32768 + number % 28000);
}

} // namespace

void UdpFlows::prepare_port(int socket) noexcept {
    const int on = 1;
    ::setsockopt(socket, SOL_UDP, UDP_GRO, &on, sizeof on);
    // One of them is of another family than the socket, and fails.
    ::setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

void UdpFlows::port_ready(int socket, std::uint16_t container_port) noexcept {
    for (int i = 0; i < receive_batch; ++i) { // what is left is another event
        const wire::MutableBytes room = in_.room();
        iovec piece{room.data(), room.size()};
        UdpMessage message({&piece, 1});
        SocketName peer;
        message.expect(&peer);
        const ssize_t count = ::recvmsg(socket, message.get(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (count < 0) break; // EAGAIN, or an error of an answer, which is nobody's here
        const std::uint32_t index = client_flow(socket, peer, message.own_address(), container_port);
        if (index == FlowIndex::none) continue;
        Flow& flow = flows_[index];
        flow.used = around_.now;
        in_.add({flow.key.remote, flow.key.container, flow.key.remote_port, flow.key.container_port}, static_cast<std::size_t>(count),
                message.segment_size());
    }
    in_.flush();
}

/// The flow of a client, made where there is none.
std::uint32_t UdpFlows::client_flow(int socket, const SocketName& peer, const wire::Address& sent_to,
                                    std::uint16_t container_port) noexcept {
    const SpecialAddresses& special = around_.policy.addresses();
    const wire::Address own = sent_to.is_multicast() ? wire::Address{} : sent_to; // nothing comes from there
    wire::Address remote = peer.address();
    const bool from_here = remote.is_loopback();
    if (from_here) remote = special.gateway_v4;
    else if (remote.is_v6_link_local() || special.link_v4.contains(remote) || special.link_v6.contains(remote)) remote = around_.gateway(remote);
    FlowKey key{remote.is_v4() ? special.container_v4 : special.container_v6, remote, container_port, peer.port()};
    if (from_here && key.remote_port == dns::port) key.remote_port = random_port(); // what goes there is for our name server
    for (int i = 0; i < port_attempts; ++i) {
        const std::uint32_t known = find(key);
        if (known == FlowIndex::none) break;
        const Flow& flow = flows_[known];
        // One that the container began itself speaks to the same two ends.
        const bool same_peer = flow.peer.address() == peer.address() && flow.peer.port() == peer.port();
        if (flow.socket || (flow.port_socket == socket && same_peer && (flow.own == own || flow.own.is_unspecified()))) return known;
        if (i + 1 == port_attempts) return ++around_.counters.udp.flows.dropped, FlowIndex::none;
        key.remote_port = random_port(); // two clients that become one at the gateway, or one that has written to two of our addresses
    }
    make_room(Room::for_client);
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.port_socket = socket;
    flow.peer = peer;
    flow.own = own;
    ++clients_;
    wheel_.set(index, around_.now + first_wait());
    return index;
}

void UdpFlows::add_port(int socket, std::uint16_t container_port) noexcept { ports_.push_back({socket, container_port}); }

/// A peer that has not asked yet: it is to see the port that it can ask. None where the port is not published, or the address is one
/// that stands for another, whose answers would come from that.
std::uint32_t UdpFlows::begin_by_port(const FlowKey& key, const wire::Address& target) noexcept {
    const auto port = std::ranges::find(ports_, key.container_port, &Port::container_port);
    if (port == ports_.end() || target != key.remote) return FlowIndex::none;
    SocketName own;
    if (::getsockname(port->socket, own.get(), own.size()) != 0 || (own.family() == AF_INET && !target.is_v4())) return FlowIndex::none;
    make_room(Room::for_container);
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.port_socket = port->socket;
    flow.peer = SocketName(target, key.remote_port);
    ++clients_;
    wheel_.set(index, around_.now + first_wait());
    return index;
}

void UdpFlows::forget_port(int socket) noexcept {
    std::erase_if(ports_, [&](const Port& port) { return port.socket == socket; });
    flows_.for_each([&](std::uint32_t index) {
        if (!flows_[index].socket && flows_[index].port_socket == socket) remove(index);
    });
}

} // namespace netstack
