// See netstack/tcp_flows.h.
#include "netstack/tcp_flows.h"

#include "netstack/socket_end.h"
#include "netstack/wire/checksum.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netstack {
namespace {

namespace flag = wire::tcp_flag;

constexpr std::uint32_t edge_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t most_blocks = 4096;       ///< of each direction; what they may hold together is BlockPool's business
constexpr std::uint32_t largest_up = 512 << 10;   ///< netstack.md 2.5: the best of four sizes
constexpr std::uint32_t largest_down = 1 << 20;
constexpr std::int64_t starved_ms = 100;
constexpr int port_attempts = 16;
constexpr int former_batch = 64;                  ///< connections of a process before that are reset in a turn

msghdr message_of(std::array<iovec, 2>& pieces, std::size_t second) noexcept {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = second == 0 ? 1 : 2;
    return message;
}

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

// ---- the two sides of a connection

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
            // A short read has emptied the socket; the next byte is an event (epoll(7)), an end that is there already is not.
            if (static_cast<std::size_t>(count) < into.size() && !flow_.hung_up) flow_.readable = false;
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
    HostStream stream(flow);
    ContainerSink sink(around_.frames, flow.key);
    tcp::Environment env{sink, stream, up_blocks_, down_blocks_, around_.counters.machine, around_.now};
    call(flow.connection, env);
    settle(index);
}

void TcpFlows::settle(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    switch (flow.connection.ended()) {
    case tcp::Ended::no: break;
    case tcp::Ended::done:
        close_orderly(flow.socket);
        return remove(index);
    case tcp::Ended::refused:
        if (flow.direction == Direction::inbound && try_other_family(index)) return;
        ++around_.counters.tcp.flows.refused;
        [[fallthrough]];
    case tcp::Ended::reset:
    case tcp::Ended::timed_out:
        reset_socket(flow.socket);
        return remove(index);
    }
    if (!flow.connection.needs_stream()) close_orderly(flow.socket);
    if (flow.connection.needs_flush() && !flow.queued) {
        if (dirty_count_ == dirty_.size()) flush();
        flow.queued = true;
        dirty_[dirty_count_++] = index;
    }
    if (flow.connection.deadline() > 0) wheel_.set(index, flow.connection.deadline());
    if (flow.connection.is_starved()) wheel_.set(index, around_.now + starved_ms);
}

// ---- from the container

int TcpFlows::reserve(std::uint32_t capacity) noexcept {
    if (::getrandom(secret_.data(), sizeof secret_, 0) != static_cast<ssize_t>(sizeof secret_)) return errno;
    if (const int error = flows_.reserve(capacity)) return error;
    if (const int error = index_.reserve(capacity)) return error;
    if (const int error = wheel_.reserve(capacity, around_.now)) return error;
    if (const int error = up_blocks_.reserve(most_blocks, largest_up)) return error;
    return down_blocks_.reserve(most_blocks, largest_down);
}

void TcpFlows::arrived(const wire::IpView& packet, const wire::TcpView& segment, const std::optional<SocketName>& divert) noexcept {
    const wire::TcpHeader& header = segment.header();
    const FlowKey key{packet.source(), packet.destination(), header.source_port, header.destination_port};
    std::uint32_t index = find(key);
    const bool opens = header.has(flag::syn) && !header.has(flag::ack) && !header.has(flag::rst);
    if (index != FlowIndex::none && opens && flows_[index].connection.makes_room_for(header)) {
        remove(index);
        index = FlowIndex::none;
    }
    if (index != FlowIndex::none)
        return with_connection(index, [&](tcp::Connection& c, tcp::Environment& env) noexcept { c.segment_arrived(env, segment); });
    if (opens) return start(packet, segment, key, divert);
    answer_stray(packet, segment);
}

/// RST for what belongs to nothing (RFC 9293, 3.10.7.1).
void TcpFlows::answer_stray(const wire::IpView& packet, const wire::TcpView& segment) noexcept {
    const wire::TcpHeader& header = segment.header();
    if (header.has(flag::rst) || packet.destination().is_multicast()) return;
    tcp::Segment reset;
    reset.flags = flag::rst;
    if (header.has(flag::ack)) {
        reset.sequence = header.acknowledgment;
    } else {
        reset.flags |= flag::ack;
        const std::size_t length = segment.payload().size() + (header.has(flag::syn) ? 1 : 0) + (header.has(flag::fin) ? 1 : 0);
        reset.acknowledgment = header.sequence + static_cast<std::uint32_t>(length);
    }
    around_.frames.send_tcp({packet.destination(), packet.source(), header.destination_port, header.source_port}, reset);
}

void TcpFlows::start(const wire::IpView& packet, const wire::TcpView& syn, const FlowKey& key, const std::optional<SocketName>& divert) noexcept {
    FlowCounters& counted = around_.counters.tcp.flows;
    std::optional<SocketName> target = divert;
    if (!target) {
        const Decision decision = around_.decide(key.remote);
        const wire::Address& from = around_.gateway(key.remote);
        switch (decision.verdict) {
        case Verdict::go: target.emplace(decision.target, key.remote_port); break;
        case Verdict::refused: ++counted.refused; return answer_stray(packet, syn);
        case Verdict::no_route: ++counted.unreachable; return around_.frames.send_unreachable(from, packet, wire::Unreachable::network);
        case Verdict::prohibited: ++counted.prohibited; return around_.frames.send_unreachable(from, packet, wire::Unreachable::prohibited);
        case Verdict::ignored: return;
        }
    }
    if (flows_.full()) return (void)++counted.dropped; // it will ask again
    UniqueFd socket(::socket(target->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) { // no descriptors: it will ask again; no such family: it need not
        const auto why = unreachable_of(errno);
        ++(why ? counted.unreachable : counted.dropped);
        if (why) around_.frames.send_unreachable(around_.gateway(key.remote), packet, *why);
        return;
    }
    ++counted.total;
    const std::uint32_t index = add(key);
    Flow& flow = flows_[index];
    flow.socket = std::move(socket);
    flow.connection.accept(syn, initial_sequence(key), mss(key.container));
    connect(index, *target);
}

void TcpFlows::connect(std::uint32_t index, const SocketName& target) noexcept {
    const int fd = flows_[index].socket.get();
    set_option(fd, IPPROTO_TCP, TCP_NODELAY); // the container's kernel has decided what belongs together
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
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
    if (why == wire::Unreachable::port)
        return with_connection(index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.refuse(env); });
    ++around_.counters.tcp.flows.unreachable;
    if (why) send_unreachable(flows_[index], *why);
    remove(index); // without a word where the host has waited in vain, as the network would
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

void TcpFlows::host_event(const Token& token, std::uint32_t events) noexcept {
    Flow* flow = flows_.find(token.index, token.generation);
    if (flow == nullptr || !flow->socket) return;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) flow->readable = true;
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) flow->writable = true;
    if ((events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) flow->hung_up = true;
    if (!flow->connected) return check_connect(token.index);
    const bool broken = (events & EPOLLERR) != 0 && !flow->connection.is_open();
    with_connection(token.index, [&](tcp::Connection& c, tcp::Environment& env) noexcept {
        if (broken) c.abort(env); // the client has gone before the container answered
        else c.stream_ready(env);
    });
}

// ---- upkeep

void TcpFlows::flush() noexcept {
    for (std::size_t i = 0; i < dirty_count_; ++i) {
        Flow& flow = flows_[dirty_[i]];
        if (!std::exchange(flow.queued, false)) continue;
        HostStream stream(flow);
        ContainerSink sink(around_.frames, flow.key);
        tcp::Environment env{sink, stream, up_blocks_, down_blocks_, around_.counters.machine, around_.now};
        flow.connection.flush(env);
    }
    dirty_count_ = 0;
}

void TcpFlows::advance() noexcept {
    wheel_.advance(around_.now, [this](std::uint32_t index) noexcept {
        tcp::Connection& connection = flows_[index].connection;
        const bool due = connection.deadline() > 0 && connection.deadline() <= around_.now;
        if (!due && !connection.is_starved()) {
            if (connection.deadline() > 0) wheel_.set(index, connection.deadline());
            return;
        }
        with_connection(index, [&](tcp::Connection& c, tcp::Environment& env) noexcept {
            if (due) c.timer_fired(env);
            else c.stream_ready(env);
        });
    });
}

void TcpFlows::trim() noexcept {
    up_blocks_.trim();
    down_blocks_.trim();
}

/// A reset has to have the right number (RFC 5961), which the process before has taken with it. But the container's kernel tells it to
/// whoever sends a segment that cannot be (RFC 9293, 3.10.7.4), and answer_stray() has it then.
void TcpFlows::reset_former() noexcept {
    for (int i = 0; i < former_batch; ++i) {
        const auto key = journal_.take_former();
        if (!key) return;
        tcp::Segment impossible;
        impossible.flags = flag::ack;
        impossible.sequence = next_random();
        impossible.acknowledgment = next_random();
        around_.frames.send_tcp({key->remote, key->container, key->remote_port, key->container_port}, impossible);
    }
}

void TcpFlows::reset_all() noexcept {
    flows_.for_each([this](std::uint32_t index) {
        reset_socket(flows_[index].socket);
        remove(index);
    });
}

std::uint32_t TcpFlows::find(const FlowKey& key) noexcept {
    return index_.find(key, [this](std::uint32_t index) noexcept -> const FlowKey& { return flows_[index].key; });
}

std::uint32_t TcpFlows::add(const FlowKey& key) noexcept {
    const std::uint32_t index = flows_.take();
    flows_[index].key = key;
    enter(key, index);
    return index;
}

void TcpFlows::enter(const FlowKey& key, std::uint32_t index) noexcept {
    index_.insert(key, index);
    journal_.put(index, key);
}

void TcpFlows::leave(std::uint32_t index) noexcept {
    index_.erase(flows_[index].key, index);
    journal_.erase(index);
}

void TcpFlows::remove(std::uint32_t index) noexcept {
    Flow& flow = flows_[index];
    if (flow.queued) std::replace(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(dirty_count_), index, FlowIndex::none);
    dirty_count_ = static_cast<std::size_t>(
        std::remove(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(dirty_count_), FlowIndex::none) - dirty_.begin());
    flow.connection.release(up_blocks_, down_blocks_);
    wheel_.cancel(index);
    leave(index);
    flows_.give_back(index);
}

bool TcpFlows::watch(std::uint32_t index) noexcept {
    const Token token{Owner::tcp, index, flows_.generation(index)};
    return around_.loop.watch(flows_[index].socket.get(), edge_events, token.pack()) == 0;
}

std::uint16_t TcpFlows::mss(const wire::Address& address) const noexcept {
    return static_cast<std::uint16_t>(around_.mtu - wire::ip_length(address.is_v4()) - wire::tcp_length);
}

/// Not to be guessed from others, and between the same two ends always higher than the last time (RFC 6528): the container has
/// connections in TIME-WAIT, and takes a SYN there only if it is newer. In steps of 64 ns, as Linux.
std::uint32_t TcpFlows::initial_sequence(const FlowKey& key) const noexcept {
    return key.hash(secret_) + static_cast<std::uint32_t>(now_ns() >> 6);
}

std::uint32_t TcpFlows::next_random() noexcept {
    std::array<std::byte, 8> number{};
    ++drawn_;
    std::memcpy(number.data(), &drawn_, sizeof drawn_);
    return static_cast<std::uint32_t>(siphash(secret_, number));
}

} // namespace netstack
