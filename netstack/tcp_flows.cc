// See netstack/tcp_flows.h.
#include "netstack/tcp_flow_sides.h"

#include "netstack/socket_end.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netstack {
namespace {

namespace flag = wire::tcp_flag;

constexpr std::uint32_t edge_events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t most_blocks = 4096;       ///< of each direction; what they may hold together is BlockPool's business
constexpr std::uint32_t largest_up = 512 << 10;   ///< netstack.md 2.5: the best of four sizes
constexpr std::uint32_t largest_down = 1 << 20;
constexpr std::int64_t starved_ms = 100;
constexpr int former_batch = 64;                  ///< connections of a process before that are reset in a turn

} // namespace

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
    if (const int error = names_.reserve()) return error;
    if (const int error = up_blocks_.reserve(most_blocks, largest_up)) return error;
    return down_blocks_.reserve(most_blocks, largest_down);
}

void TcpFlows::arrived(const wire::IpView& packet, const wire::TcpView& segment, Served served) noexcept {
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
    if (opens && served == Served::by_name_server) return start_conversation(segment, key);
    if (opens) return start(packet, segment, key);
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

void TcpFlows::host_event(const Token& token, std::uint32_t events) noexcept {
    Flow* flow = flows_.find(token.index, token.generation);
    if (flow == nullptr) return;
    if (flow->direction == Direction::to_names) {
        names_[flow->conversation].server_ready();
        return with_connection(token.index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.stream_ready(env); });
    }
    if (!flow->socket) return;
    if ((events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0) flow->readable = true;
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) flow->writable = true;
    if ((events & (EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP)) != 0) flow->reads_short = true;
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
    names_.advance([this](std::uint32_t index) noexcept {
        with_connection(index, [](tcp::Connection& c, tcp::Environment& env) noexcept { c.stream_ready(env); });
    });
}

int TcpFlows::wait_time() const noexcept {
    const int flows = wheel_.wait_time(around_.now), names = names_.wait_time();
    return names >= 0 && (flows < 0 || names < flows) ? names : flows;
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
    if (flow.direction == Direction::to_names) names_.close(flow.conversation);
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
