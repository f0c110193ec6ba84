// How connections of TcpFlows begin: a SYN of the container's becomes a connect(2), an accepted client a SYN to the container.
#include "netstack/tcp_flow_sides.h"

#include "netstack/socket_end.h"
#include "netstack/wire/checksum.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace netstack {
namespace {

namespace flag = wire::tcp_flag;

constexpr int port_attempts = 16;

void set_option(int fd, int level, int option) noexcept {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

/// How far a connect is: 0 connected, EINPROGRESS, ECONNRESET it was and has been reset since, or why it failed.
int connect_state(int fd) noexcept {
    std::uint8_t state = 0; // tcp_info's first field
    socklen_t size = sizeof state;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) != 0) return errno;
    if (state == TCP_SYN_SENT) return EINPROGRESS;
    if (state != TCP_CLOSE) return 0;
    int error = 0;
    size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error == EPIPE ? ECONNRESET : error;
}

} // namespace

// ---- from the container

void TcpFlows::start(const wire::IpView& packet, const wire::TcpView& syn, const FlowKey& key) noexcept {
    FlowCounters& counted = around_.counters.tcp.flows;
    const Decision decision = around_.decide(key.remote);
    const wire::Address& from = around_.gateway(key.remote);
    switch (decision.verdict) {
    case Verdict::go: break;
    case Verdict::refused: ++counted.refused; return answer_stray(packet, syn);
    case Verdict::no_route: ++counted.unreachable; return around_.frames.send_unreachable(from, packet, wire::Unreachable::network);
    case Verdict::prohibited: ++counted.prohibited; return around_.frames.send_unreachable(from, packet, wire::Unreachable::prohibited);
    case Verdict::ignored: return;
    }
    if (flows_.full()) return (void)++counted.dropped; // it will ask again
    const SocketName target(decision.target, key.remote_port);
    UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) { // no descriptors: it will ask again; no such family: it need not
        const auto why = unreachable_of(errno);
        ++(why ? counted.unreachable : counted.dropped);
        if (why) around_.frames.send_unreachable(from, packet, *why);
        return;
    }
    ++counted.total;
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.socket = std::move(socket);
    flow.connection.accept(syn, initial_sequence(key), mss(key.container));
    connect(index, target);
}

/// With the name server, which is here: nobody is to be connected to first.
void TcpFlows::start_conversation(const wire::TcpView& syn, const FlowKey& key) noexcept {
    if (names_.full()) with_connection(names_.quietest(), [](tcp::Connection& c, tcp::Environment& env) noexcept { c.abort(env); });
    if (flows_.full()) return (void)++around_.counters.tcp.flows.dropped;
    ++around_.counters.tcp.flows.total;
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.direction = Direction::to_names;
    flow.conversation = names_.open(index, Token{Owner::tcp, index, flows_.generation(index)}.pack());
    flow.connected = true;
    flow.connection.accept(syn, initial_sequence(key), mss(key.container));
    with_connection(index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.host_connected(env); });
}

void TcpFlows::connect(std::uint32_t index, const SocketName& target) noexcept {
    const int fd = flows_[index].socket.get();
    set_option(fd, IPPROTO_TCP, TCP_NODELAY); // the container's kernel has decided what belongs together
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
    set_option(fd, SOL_SOCKET, SO_OOBINLINE); // as what the container says urgently
    reset_when_closed(fd);
    if (::connect(fd, target.get(), target.length()) != 0 && errno != EINPROGRESS) return connect_failed(index, errno);
    if (!watch(index)) return connect_failed(index, ENOBUFS);
    check_connect(index); // within one machine it is done by now
}

void TcpFlows::check_connect(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    const int state = connect_state(flow.socket.get());
    if (state == EINPROGRESS) return;
    flow.was_reset = state == ECONNRESET; // what came before that may still be read
    if (state != 0 && !flow.was_reset) return connect_failed(index, state);
    flow.connected = flow.writable = true;
    with_connection(index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.host_connected(env); });
}

void TcpFlows::connect_failed(std::uint32_t index, int error) noexcept {
    const auto why = unreachable_of(error);
    if (why == wire::Unreachable::port && try_other_host_family(index)) return;
    if (why == wire::Unreachable::port)
        return with_connection(index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.refuse(env); });
    ++around_.counters.tcp.flows.unreachable;
    if (why) send_unreachable(flows_[index], *why);
    remove(index); // without a word where the host has waited in vain, as the network would
}

/// A service of this machine may listen in one family only, and its name leads to both.
bool TcpFlows::try_other_host_family(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    const SpecialAddresses& special = around_.policy.addresses();
    if (!special.is_host(flow.key.remote) || std::exchange(flow.second_family, true)) return false;
    const Decision decision = around_.decide(flow.key.remote.is_v4() ? special.host_v6 : special.host);
    if (decision.verdict != Verdict::go) return false;
    const SocketName target(decision.target, flow.key.remote_port);
    UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return false;
    flow.socket = std::move(socket);
    connect(index, target);
    return true;
}

/// About the SYN of a flow, which is made again for that.
void TcpFlows::send_unreachable(const Flow& flow, wire::Unreachable why) noexcept {
    std::array<std::byte, wire::ipv6_length + wire::tcp_length> buffer{};
    const std::size_t header = wire::ip_length(flow.key.container.is_v4());
    wire::build_ip(buffer, {flow.key.container, flow.key.remote, wire::protocol_tcp, 64, wire::tcp_length});
    wire::build_tcp(wire::MutableBytes(buffer).subspan(header),
                    {flow.key.container_port, flow.key.remote_port, flow.connection.first_sequence(), 0, flag::syn, 0}, {});
    if (const auto syn = wire::IpView::parse(wire::Bytes(buffer).first(header + wire::tcp_length)))
        around_.frames.send_unreachable(around_.gateway(flow.key.remote), *syn, why);
}

// ---- from the host

bool TcpFlows::accept(UniqueFd client, const SocketName& peer, std::uint16_t container_port) noexcept {
    FlowCounters& counted = around_.counters.tcp.flows;
    if (flows_.full()) {
        ++counted.dropped;
        reset_socket(client);
        return false;
    }
    const std::uint32_t index = flows_.take();
    Flow& flow = flows_[index];
    flow.direction = Direction::inbound;
    flow.socket = std::move(client);
    reset_when_closed(flow.socket.get());
    flow.connected = flow.writable = true;
    flow.client_port = peer.port();
    flow.key.container_port = container_port;
    const SpecialAddresses& special = around_.policy.addresses();
    wire::Address remote = peer.address();
    // What a container could not answer, or would take for its own: such clients come from the gateway.
    if (remote.is_loopback() || remote.is_v6_link_local() || special.link_v4.contains(remote) || special.link_v6.contains(remote))
        remote = around_.gateway(remote);
    const bool opened = watch(index) && open_towards(index, remote.is_v4() ? special.container_v4 : special.container_v6, remote);
    ++(opened ? counted.total : counted.dropped);
    if (opened) return true;
    reset_socket(flow.socket);
    flows_.give_back(index);
    return false;
}

/// Sends the SYN of an inbound flow that is in the table under no key yet.
bool TcpFlows::open_towards(std::uint32_t index, const wire::Address& container, const wire::Address& remote) noexcept {
    Flow& flow = flows_[index];
    FlowKey key{container, remote, flow.key.container_port, flow.client_port};
    for (int i = 0; find(key) != FlowIndex::none; ++i) { // two clients may come from one port of ours, by different addresses
        if (i == port_attempts) return false;
        key.remote_port = static_cast<std::uint16_t>(32768 + next_random() % 28000);
    }
    flow.key = key;
    enter(key, index);
    with_connection(index, [&](tcp::Connection& c, tcp::Environment& env) noexcept { c.open(env, initial_sequence(key), mss(container)); });
    return true;
}

/// A service may listen in one family only: what was refused in the client's is tried in the other, from the gateway.
bool TcpFlows::try_other_family(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    if (std::exchange(flow.second_family, true)) return false;
    wheel_.cancel(index);
    leave(index);
    const SpecialAddresses& special = around_.policy.addresses();
    const bool to_v6 = flow.key.container.is_v4();
    if (open_towards(index, to_v6 ? special.container_v6 : special.container_v4, to_v6 ? special.gateway_v6 : special.gateway_v4)) return true;
    enter(flow.key, index); // for remove()
    return false;
}

} // namespace netstack
