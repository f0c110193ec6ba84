// Published ports: accept outside, connect inside, splice between. See netstack/forward.h for the contract.
//
// Theory of operation
//
// Aims. A published TCP port is as fast as the kernel lets two sockets be, indistinguishable from the service as far as
// the end of a stream is concerned (half-close, reset, refusal, back-pressure), cheap while idle, and cannot be brought
// down by its clients.
//
// Non-aims. The client's address (the service sees the gateway; keeping it needs a bridge and policy routes), UDP, and
// anything outbound. Those belong to the TAP stack, which gets its place beside this file: `wire/` (views of packets),
// `tcp/`, `udp`, `icmp` (protocol logic over an injected clock and sink), `tap` (the device), `stack` (the façade), with
// `loop`, `slab` and `pipes` shared. Tier T2 stays what it is for inbound ports.
//
// Actors. One thread, one epoll instance, in the container's network namespace. A socket belongs to the namespace it was
// made in: the listeners, opened before the container, and what they accept are of the host; socket(2) here is of the
// container. Nothing is set up in the host, so nothing is left behind there whatever ends this process.
//
//   client ──TCP── [accepted socket]  ──pipe──▶ [target socket] ──TCP── 10.88.0.2:port
//     (host)        Flow::client     ◀──pipe──   Flow::target            (container)
//
// Flow. `connecting` (IPv4 first; refused there, IPv6, for a service that listens on [::]:port with V6ONLY) then `open`.
// Each direction ends by itself: FIN read, everything before it delivered, FIN passed on by shutdown(SHUT_WR). Both
// ended: both sockets are closed and the kernel brings out what it still has. A reset or refusal on one side: SO_LINGER
// 0 and close, which is a reset on the other.
//
// Events. Sockets are edge-triggered and registered once; Endpoint's flags carry what is known between events. An
// event names its flow by slab index and generation, so that one queued for a closed flow finds nobody. Listeners are
// level-triggered in an epoll instance of their own, inside the main one: to pause accepting is to take out one entry.
//
// Limits. `max_flows`, and no more than a quarter of RLIMIT_NOFILE, so that descriptors for pipes remain. At a limit
// clients wait in the listener's backlog; accepting resumes when a flow ends, or after 100 ms. A target socket is made
// before accept(2) for that reason: nobody is accepted to be turned away. Memory: the slab (resident as far as used), at
// most eight idle pipes for a second, and what the kernel's socket buffers hold. No allocation after the start.
//
// Failure story. No pipe: bytes are copied. Service absent: the client is reset. Client gone silently: SO_KEEPALIVE, the
// only thing the forwarder adds to what both ends say. Container gone: its sockets send FIN or RST, which is passed on
// within `drain`; then the rest is reset. Process killed: the kernel closes everything, which resets what was in flight.
#include "netstack/forward.h"

#include "netstack/counters_page.h"
#include "netstack/loop.h"
#include "netstack/slab.h"
#include "netstack/socket_end.h"
#include "netstack/splice.h"
#include "netstack/target.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netstack {
namespace {

constexpr std::uint32_t edge_events = EPOLLIN | EPOLLOUT | EPOLLET;
constexpr int accept_batch = 16;      ///< connections taken from one listener before the flows' turn
constexpr int pause_ms = 100;         ///< between attempts to accept while something is short
constexpr int idle_trim_ms = 1000;    ///< quiet time after which idle pipes are closed
constexpr rlim_t reserved_fds = 32;   ///< of RLIMIT_NOFILE: standard streams, epoll, stop, the pipe pool

enum class Side : std::uint64_t { client = 0, target = 1 };

constexpr Side opposite(Side side) noexcept { return side == Side::client ? Side::target : Side::client; }

/// What an event carries: generation | index | side. Generation 0 is no flow's: then the index is one of `Special`.
struct Token {
    std::uint32_t generation;
    std::uint32_t index;
    Side side;

    std::uint64_t pack() const noexcept {
        return std::uint64_t{generation} << 32 | std::uint64_t{index} << 1 | static_cast<std::uint64_t>(side);
    }
    static Token unpack(std::uint64_t bits) noexcept {
        return {static_cast<std::uint32_t>(bits >> 32), static_cast<std::uint32_t>(bits) >> 1, Side{bits & 1}};
    }
};

enum Special : std::uint32_t { special_stop, special_listeners };

constexpr std::uint64_t special_token(Special which) noexcept { return std::uint64_t{which} << 1; }

/// A connection and its continuation inside.
struct Flow {
    Endpoint client;
    Endpoint target;
    Direction up;   ///< client to target
    Direction down; ///< target to client
    std::uint16_t port = 0;
    Family family = Family::v4;
    bool open = false; ///< false while connecting: nothing is moved
};

void set_option(int fd, int level, int option) noexcept {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

class Forwarder {
public:
    explicit Forwarder(ForwardPlan&& plan) noexcept : plan_(std::move(plan)) {}

    /// 0 or errno.
    int prepare() noexcept;
    void run() noexcept;

private:
    int wait_time() const noexcept;
    void handle_special(std::uint32_t which) noexcept;
    void handle_flow(Flow& flow, Token token, std::uint32_t events) noexcept;

    void accept_ready() noexcept;
    void accept_from(std::size_t forward) noexcept;
    void start_flow(UniqueFd client, std::uint16_t port) noexcept;
    void connect_flow(std::uint32_t index, Flow& flow) noexcept;
    void connected(Connect state, std::uint32_t index, Flow& flow) noexcept;
    bool next_family(Flow& flow) noexcept;
    void open_flow(std::uint32_t index, Flow& flow) noexcept;
    bool pump_from(Side side, std::uint32_t index, Flow& flow) noexcept;
    void refuse_flow(std::uint32_t index) noexcept;
    void show_counters() noexcept;

    void abort_flow(std::uint32_t index) noexcept;
    void finish_flow(std::uint32_t index) noexcept;
    void end_flow(std::uint32_t index) noexcept;
    void pause_accepting() noexcept;
    void resume_accepting() noexcept;
    void start_draining() noexcept;

    ForwardPlan plan_;
    Counters counters_;
    CountersPage page_;
    EventLoop loop_;
    EventLoop listeners_; ///< watched by loop_ unless paused_
    Slab<Flow> flows_;
    PipePool pipes_;
    UniqueFd spare_; ///< the next flow's IPv4 target socket
    bool paused_ = false;
    bool draining_ = false;
    std::int64_t resume_at_ = 0; ///< while paused_
    std::int64_t deadline_ = 0;  ///< while draining_
};

int Forwarder::prepare() noexcept {
    if (plan_.counters) {
        if (const int error = page_.open(plan_.counters.get(), Tier::forward, counters_)) return error;
        plan_.counters.reset();
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t affordable = limit.rlim_cur > reserved_fds ? (limit.rlim_cur - reserved_fds) / 4 : 0;
    const rlim_t capacity = std::clamp<rlim_t>(std::min<rlim_t>(affordable, plan_.max_flows), 1, 1 << 24);
    if (const int error = flows_.reserve(static_cast<std::uint32_t>(capacity))) return error;
    if (const int error = loop_.open()) return error;
    if (const int error = listeners_.open()) return error;
    if (const int error = loop_.watch(plan_.stop.get(), EPOLLIN, special_token(special_stop))) return error;
    if (const int error = loop_.watch(listeners_.fd(), EPOLLIN, special_token(special_listeners))) return error;
    for (std::size_t i = 0; i < plan_.forwards.size(); ++i) {
        const int fd = plan_.forwards[i].listener.get();
        const int flags = ::fcntl(fd, F_GETFL);
        if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return errno;
        set_option(fd, IPPROTO_TCP, TCP_NODELAY); // both are inherited by what accept(2) returns
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
        if (const int error = listeners_.watch(fd, EPOLLIN, i)) return error;
    }
    return 0;
}

void Forwarder::run() noexcept {
    while (!draining_ || (flows_.used() > 0 && now_ms() < deadline_)) {
        const auto events = loop_.wait(wait_time());
        for (const epoll_event& event : events) {
            const Token token = Token::unpack(event.data.u64);
            if (token.generation == 0)
                handle_special(token.index);
            else if (Flow* flow = flows_.find(token.index, token.generation))
                handle_flow(*flow, token, event.events);
        }
        if (events.empty()) pipes_.trim();
        if (paused_ && now_ms() >= resume_at_) resume_accepting();
        show_counters();
    }
    flows_.for_each([this](std::uint32_t index) { abort_flow(index); });
    show_counters();
}

void Forwarder::show_counters() noexcept {
    counters_.tcp.flows.open = flows_.used();
    page_.publish(counters_);
}

int Forwarder::wait_time() const noexcept {
    if (draining_) return static_cast<int>(std::clamp<std::int64_t>(deadline_ - now_ms(), 0, idle_trim_ms));
    if (paused_) return pause_ms;
    return pipes_.empty() ? -1 : idle_trim_ms;
}

void Forwarder::handle_special(std::uint32_t which) noexcept {
    if (which == special_stop)
        start_draining();
    else
        accept_ready();
}

void Forwarder::handle_flow(Flow& flow, Token token, std::uint32_t events) noexcept {
    Endpoint& endpoint = token.side == Side::client ? flow.client : flow.target;
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) endpoint.readable = true;
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) endpoint.writable = true;
    endpoint.failed = endpoint.failed || (events & EPOLLERR) != 0;
    if (!flow.open) {
        // The client's data and FIN wait until the target is there; a client that is gone needs no target.
        if (token.side == Side::target)
            connected(check_target(flow.target.socket.get()), token.index, flow);
        else if (endpoint.failed)
            abort_flow(token.index);
        return;
    }
    // The side that has news first: what it sent before it failed is still there to be read, and goes out.
    if (!pump_from(token.side, token.index, flow)) return;
    if (endpoint.failed) return abort_flow(token.index);
    pump_from(opposite(token.side), token.index, flow);
}

void Forwarder::accept_ready() noexcept {
    if (draining_) return;
    for (const epoll_event& event : listeners_.wait(0)) {
        if (paused_) return;
        accept_from(event.data.u64);
    }
}

void Forwarder::accept_from(std::size_t forward) noexcept {
    const int listener = plan_.forwards[forward].listener.get();
    for (int i = 0; i < accept_batch; ++i) {
        if (flows_.full()) return pause_accepting();
        if (!spare_) spare_ = open_target(plan_.addresses, Family::v4);
        if (!spare_ && errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT) return pause_accepting();
        UniqueFd client(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client) {
            start_flow(std::move(client), plan_.forwards[forward].container_port);
            continue;
        }
        switch (errno) {
        case EAGAIN: return;
        case EMFILE: case ENFILE: case ENOBUFS: case ENOMEM: return pause_accepting();
        case EBADF: case EINVAL: case ENOTSOCK: case EOPNOTSUPP: // never works again: do not spin on it
            return listeners_.forget(listener);
        default: break; // the connection's own trouble (accept(2), "Error handling"): the next one
        }
    }
}

void Forwarder::start_flow(UniqueFd client, std::uint16_t port) noexcept {
    ++counters_.tcp.flows.total;
    const std::uint32_t index = flows_.take();
    Flow& flow = flows_[index];
    flow.client.socket = std::move(client);
    flow.target.socket = std::move(spare_);
    flow.port = port;
    const Token token{flows_.generation(index), index, Side::client};
    if (loop_.watch(flow.client.socket.get(), edge_events, token.pack()) != 0) return abort_flow(index);
    if (!flow.target.socket && !next_family(flow)) return abort_flow(index);
    connect_flow(index, flow);
}

/// Connects the target socket; refused there, one of the next family.
void Forwarder::connect_flow(std::uint32_t index, Flow& flow) noexcept {
    for (;;) {
        const int fd = flow.target.socket.get();
        const Connect state = connect_target(fd, plan_.addresses, flow.family, flow.port);
        if (state != Connect::refused) {
            const Token token{flows_.generation(index), index, Side::target};
            if (loop_.watch(fd, edge_events, token.pack()) != 0) return abort_flow(index);
            return connected(state, index, flow);
        }
        if (!next_family(flow)) return refuse_flow(index);
    }
}

/// Draws the consequence of what connecting has come to.
void Forwarder::connected(Connect state, std::uint32_t index, Flow& flow) noexcept {
    switch (state) {
    case Connect::in_progress: return;
    case Connect::done: return open_flow(index, flow);
    case Connect::reset: // within this very moment: the answer, if there was one, then the reset
        flow.client.writable = flow.target.readable = flow.target.failed = true;
        if (pump_from(Side::target, index, flow)) abort_flow(index);
        return;
    case Connect::refused: break;
    }
    if (!next_family(flow)) return refuse_flow(index);
    connect_flow(index, flow);
}

/// Replaces the target socket by one of the next family; false when there is none.
bool Forwarder::next_family(Flow& flow) noexcept {
    if (flow.family == Family::v6) return false;
    flow.family = Family::v6;
    flow.target = Endpoint{open_target(plan_.addresses, Family::v6)}; // the refusal is not the new socket's
    return bool{flow.target.socket};
}

void Forwarder::open_flow(std::uint32_t index, Flow& flow) noexcept {
    flow.open = true;
    reset_when_closed(flow.client.socket.get());
    reset_when_closed(flow.target.socket.get());
    flow.client.writable = flow.target.writable = true; // nothing was sent yet
    if (pump_from(Side::client, index, flow)) pump_from(Side::target, index, flow);
}

/// Gives the direction away from `side` a turn and draws the consequence. Returns whether the flow is still there.
bool Forwarder::pump_from(Side side, std::uint32_t index, Flow& flow) noexcept {
    Endpoint& from = side == Side::client ? flow.client : flow.target;
    Endpoint& to = side == Side::client ? flow.target : flow.client;
    Direction& direction = side == Side::client ? flow.up : flow.down;
    const std::uint64_t before = direction.moved;
    const Pumped pumped = pump(from, to, direction, pipes_);
    (side == Side::client ? counters_.tcp.to_container : counters_.tcp.from_container).bytes += direction.moved - before;
    switch (pumped) {
    case Pumped::waiting: return true;
    case Pumped::more: {
        // Queue up behind the others, at the socket the next step is about: if it is not ready after all, its next
        // event is the one to wait for.
        const bool sending = direction.pending > 0;
        const Token token{flows_.generation(index), index, sending ? opposite(side) : side};
        loop_.report_again((sending ? to : from).socket.get(), edge_events, token.pack());
        return true;
    }
    case Pumped::ended:
        if (!flow.down.ended || (!flow.up.ended && !draining_)) return true;
        finish_flow(index);
        return false;
    case Pumped::reset: break;
    }
    abort_flow(index);
    return false;
}

void Forwarder::refuse_flow(std::uint32_t index) noexcept {
    ++counters_.tcp.flows.refused;
    abort_flow(index);
}

void Forwarder::abort_flow(std::uint32_t index) noexcept {
    reset_socket(flows_[index].client.socket);
    reset_socket(flows_[index].target.socket);
    end_flow(index);
}

void Forwarder::finish_flow(std::uint32_t index) noexcept {
    close_orderly(flows_[index].client.socket);
    close_orderly(flows_[index].target.socket);
    end_flow(index);
}

void Forwarder::end_flow(std::uint32_t index) noexcept {
    flows_.give_back(index);
    if (paused_ && !draining_) resume_accepting();
}

void Forwarder::pause_accepting() noexcept {
    resume_at_ = now_ms() + pause_ms;
    if (std::exchange(paused_, true)) return;
    loop_.forget(listeners_.fd());
}

void Forwarder::resume_accepting() noexcept {
    paused_ = loop_.watch(listeners_.fd(), EPOLLIN, special_token(special_listeners)) != 0;
    if (paused_) resume_at_ = now_ms() + pause_ms;
}

void Forwarder::start_draining() noexcept {
    draining_ = true;
    paused_ = false;
    deadline_ = now_ms() + plan_.drain.count();
    loop_.forget(plan_.stop.get());
    listeners_.close();
    plan_.forwards.clear();
    flows_.for_each([this](std::uint32_t index) {
        const Flow& flow = flows_[index];
        if (!flow.open)
            abort_flow(index);
        else if (flow.down.ended)
            finish_flow(index); // nobody is left to read what the client may still send
    });
}

} // namespace

int run_forwards(ForwardPlan plan) noexcept {
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

    Forwarder forwarder(std::move(plan));
    if (const int error = forwarder.prepare()) return error;
    forwarder.run();
    return 0;
}

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace netstack
