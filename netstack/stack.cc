// The loop over all parts; see netstack/stack.h.
#include "netstack/stack.h"

#include "netstack/capture.h"
#include "netstack/counters_page.h"
#include "netstack/echo_flows.h"
#include "netstack/neighbors.h"
#include "netstack/order.h"
#include "netstack/reassembly.h"
#include "netstack/tcp_flows.h"
#include "netstack/udp_flows.h"
#include "netstack/wire/checksum.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

namespace netstack {
namespace {

constexpr std::size_t frame_batch = 32;
constexpr std::size_t busy_frame_batch = 8; ///< while sockets have news as well
constexpr int accept_batch = 16;
constexpr int pause_ms = 100;               ///< between attempts to accept while something is short
constexpr int idle_trim_ms = 1000;
constexpr rlim_t reserved_fds = 64;
constexpr std::uint32_t most_tcp_flows = FlowJournal::most_flows;
constexpr std::uint32_t most_udp_flows = 1024;

/// Locally administered; the same in every container, since each is alone with it.
constexpr wire::MacAddress gateway_mac{{std::byte{0x02}, std::byte{0x63}, std::byte{0x74}, std::byte{0x6c}, std::byte{0x00}, std::byte{0x01}}};

/// A frame's place in a batch. Pages are touched as far as frames reach.
using FrameBuffer = std::array<std::byte, largest_frame>;

struct Frames {
    std::array<FrameBuffer, frame_batch> buffers;
};

class Stack {
public:
    explicit Stack(StackPlan&& plan) noexcept
        : plan_(std::move(plan)), tap_(plan_.tap.get()), link_(tap_, counters_.link.not_captured), writer_(link_, gateway_mac, plan_.features, counters_),
          policy_(default_special_addresses(), plan_.rules), around_(writer_, loop_, policy_, counters_, plan_.mtu), names_(dns::parse_servers(plan_.resolv_conf), std::move(plan_.names)),
          tcp_(around_, names_), udp_(around_), echo_(around_), dns_(around_, names_) {}

    /// 0 or errno.
    int prepare() noexcept;
    void run() noexcept;

private:
    int wait_time() const noexcept;
    void handle(const epoll_event& event) noexcept;
    void read_link(std::size_t batch) noexcept;
    bool handle_frame(wire::Bytes frame) noexcept;
    bool drop_malformed() noexcept;
    void count_packet(const wire::IpView& packet, std::size_t size) noexcept;
    bool handle_packet(const wire::IpView& packet, const wire::VnetHeader& vnet) noexcept;
    bool handle_udp(const wire::IpView& packet, std::size_t segment_size) noexcept;
    void handle_tcp(const wire::IpView& packet) noexcept;
    void handle_icmp(const wire::IpView& packet) noexcept;
    bool is_name_server(const wire::IpView& packet, std::uint16_t port) const noexcept;
    void listener_ready(std::size_t number) noexcept;
    [[nodiscard]] int prepare_listener(const Forward& forward) noexcept;
    void take_orders() noexcept;
    int capture(UniqueFd pipe, std::uint32_t snap_length) noexcept;
    void add_port(Forward forward) noexcept;
    void remove_port(std::uint32_t id) noexcept;
    void accept_from(std::size_t forward) noexcept;
    void pause_accepting() noexcept;
    void watch_listeners() noexcept;
    void start_draining() noexcept;
    void show_counters() noexcept;

    StackPlan plan_;
    Counters counters_;
    CountersPage page_;
    EventLoop loop_;
    TapLink tap_;
    CapturedLink link_;
    FrameWriter writer_;
    Policy policy_;
    Surroundings around_;
    dns::Names names_;
    TcpFlows tcp_;
    UdpFlows udp_;
    EchoFlows echo_;
    dns::Forwarder dns_;
    Reassembly reassembly_;
    Frames frames_;
    bool link_gone_ = false;
    bool draining_ = false;
    bool paused_ = false;
    bool busy_ = false;           ///< something happened since the last trim
    std::int64_t resume_at_ = 0;  ///< while paused_
    std::int64_t deadline_ = 0;   ///< while draining_
};

int Stack::prepare() noexcept {
    around_.now = now_ms();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t affordable = limit.rlim_cur > reserved_fds ? (limit.rlim_cur - reserved_fds) * 3 / 4 : 1;
    const auto tcp_flows = static_cast<std::uint32_t>(std::clamp<rlim_t>(affordable, 1, most_tcp_flows));
    const auto udp_flows = static_cast<std::uint32_t>(std::clamp<rlim_t>(affordable / 4, 1, most_udp_flows));
    if (plan_.counters) {
        if (const int error = page_.open(plan_.counters.get(), Tier::tap, counters_)) return error;
        plan_.counters.reset();
    }
    if (const int error = loop_.open()) return error;
    if (const int error = tcp_.reserve(tcp_flows)) return error;
    if (plan_.journal)
        if (const int error = tcp_.keep_journal(plan_.journal.get())) return error;
    plan_.journal.reset();
    if (const int error = udp_.reserve(udp_flows)) return error;
    if (const int error = echo_.reserve()) return error;
    if (const int error = dns_.reserve()) return error;
    if (const int error = loop_.watch(plan_.stop.get(), EPOLLIN, Token{Owner::stop}.pack())) return error;
    if (const int error = loop_.watch(plan_.tap.get(), EPOLLIN, Token{Owner::link}.pack())) return error;
    if (plan_.control)
        if (const int error = loop_.watch(plan_.control.get(), EPOLLIN, Token{Owner::control}.pack())) return error;
    for (const Forward& forward : plan_.forwards)
        if (const int error = prepare_listener(forward)) return error;
    watch_listeners();
    // The container may say nothing for long, and takes TCP that is sent to its own address alone.
    if (const auto mac = tap_.peer_mac()) writer_.set_peer(*mac);
    return 0;
}

int Stack::prepare_listener(const Forward& forward) noexcept {
    const int flags = ::fcntl(forward.listener.get(), F_GETFL);
    if (flags < 0 || ::fcntl(forward.listener.get(), F_SETFL, flags | O_NONBLOCK) != 0) return errno;
    if (forward.transport == Transport::udp) {
        UdpFlows::prepare_port(forward.listener.get());
        udp_.add_port(forward.listener.get(), forward.container_port);
        return 0;
    }
    const int on = 1; // inherited by what accept(2) returns
    ::setsockopt(forward.listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(forward.listener.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(forward.listener.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    return 0;
}

void Stack::run() noexcept {
    while (!link_gone_ && (!draining_ || (tcp_.count() > 0 && around_.now < deadline_))) {
        const auto events = loop_.wait(wait_time());
        around_.now = now_ms();
        bool link_ready = false;
        for (const epoll_event& event : events) {
            if (Token::unpack(event.data.u64).owner == Owner::link) link_ready = true;
            else handle(event);
        }
        if (link_ready) read_link(events.size() > 1 ? busy_frame_batch : frame_batch);
        udp_.flush();
        tcp_.flush();
        tcp_.advance();
        tcp_.reset_former();
        udp_.advance();
        dns_.advance();
        show_counters();
        if (paused_ && around_.now >= resume_at_) watch_listeners();
        if (events.empty() && std::exchange(busy_, false)) tcp_.trim();
        else busy_ = busy_ || !events.empty();
    }
    tcp_.reset_all();
    show_counters();
}

void Stack::show_counters() noexcept {
    counters_.tcp.flows.open = tcp_.count();
    counters_.udp.flows.open = udp_.count();
    counters_.icmp.flows.open = echo_.count();
    page_.publish(counters_);
}

int Stack::wait_time() const noexcept {
    int wait = tcp_.has_former() ? 0 : busy_ ? idle_trim_ms : -1;
    const auto sooner = [&](int other) noexcept {
        if (other >= 0 && (wait < 0 || other < wait)) wait = other;
    };
    for (const int time : {tcp_.wait_time(), udp_.wait_time(), dns_.wait_time()}) sooner(time);
    if (paused_) sooner(pause_ms);
    if (draining_) sooner(static_cast<int>(std::max<std::int64_t>(deadline_ - around_.now, 0)));
    return wait;
}

void Stack::handle(const epoll_event& event) noexcept {
    const Token token = Token::unpack(event.data.u64);
    switch (token.owner) {
    case Owner::link: return;
    case Owner::stop: return start_draining();
    case Owner::control: return take_orders();
    case Owner::listener: return listener_ready(token.index);
    case Owner::tcp: return tcp_.host_event(token, event.events);
    case Owner::udp: return udp_.host_event(token, event.events);
    case Owner::echo: return echo_.host_event(token, event.events);
    case Owner::dns: return dns_.host_event(token, event.events);
    case Owner::capture: return link_.stop(); // nobody reads it any more
    }
}

// ---- from the container

/// A frame whose bytes are needed until the end of the batch keeps its buffer; the next one goes behind it.
void Stack::read_link(std::size_t batch) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < batch; ++i) {
        FrameBuffer& buffer = frames_.buffers[kept];
        const ssize_t size = link_.read(buffer);
        if (size < 0) link_gone_ = true;
        if (size <= 0) return;
        if (handle_frame(wire::Bytes(buffer).first(static_cast<std::size_t>(size)))) ++kept;
    }
}

bool Stack::handle_frame(wire::Bytes bytes) noexcept {
    const auto vnet = wire::parse_vnet(bytes);
    const auto frame = vnet ? wire::EthernetView::parse(bytes.subspan(wire::vnet_length)) : std::nullopt;
    if (!frame) return drop_malformed();
    const std::size_t size = bytes.size() - wire::vnet_length;
    counters_.link.from_container.add(size);
    if (frame->type() == wire::ethertype_arp) {
        if (const auto arp = wire::ArpView::parse(frame->payload())) answer_arp(around_, *arp);
        return false;
    }
    if (frame->type() != wire::ethertype_ipv4 && frame->type() != wire::ethertype_ipv6) return false;
    const auto packet = wire::IpView::parse(frame->payload());
    if (!packet || packet->is_v4() != (frame->type() == wire::ethertype_ipv4) || packet->source().is_multicast()) return drop_malformed();
    count_packet(*packet, size);
    writer_.set_peer(frame->source());
    if (packet->fragment().is_whole()) return handle_packet(*packet, *vnet);
    if (const auto whole = reassembly_.add(*packet, around_.now)) {
        handle_packet(*whole, {});
        udp_.flush(); // the place is used again
    }
    return false;
}

bool Stack::drop_malformed() noexcept {
    ++counters_.link.malformed;
    return false;
}

void Stack::count_packet(const wire::IpView& packet, std::size_t size) noexcept {
    switch (packet.protocol()) {
    case wire::protocol_tcp: return counters_.tcp.from_container.add(size);
    case wire::protocol_udp: return counters_.udp.from_container.add(size);
    case wire::protocol_icmp:
    case wire::protocol_icmp6: return counters_.icmp.from_container.add(size);
    default: return;
    }
}

/// True when the packet's bytes are needed until the end of the batch.
bool Stack::handle_packet(const wire::IpView& packet, const wire::VnetHeader& vnet) noexcept {
    const std::uint8_t protocol = packet.protocol();
    // What the container's kernel has sent carries an unfinished checksum and is whole; what somebody made there by hand may
    // not be.
    if (!vnet.needs_checksum && (protocol == wire::protocol_tcp || protocol == wire::protocol_icmp6)) {
        wire::Sum sum;
        sum.add_pseudo_header(packet.source(), packet.destination(), protocol, packet.payload().size());
        sum.add(packet.payload());
        if (sum.finish() != 0) return drop_malformed();
    }
    if (protocol == wire::protocol_udp)
        return handle_udp(packet, vnet.segmentation == wire::Segmentation::udp ? vnet.segment_size : 0);
    if (protocol == wire::protocol_tcp) handle_tcp(packet);
    else if (protocol == (packet.is_v4() ? wire::protocol_icmp : wire::protocol_icmp6)) handle_icmp(packet);
    return false;
}

bool Stack::is_name_server(const wire::IpView& packet, std::uint16_t port) const noexcept {
    const SpecialAddresses& special = policy_.addresses();
    return port == dns::port && (packet.destination() == special.gateway_v4 || packet.destination() == special.gateway_v6);
}

bool Stack::handle_udp(const wire::IpView& packet, std::size_t segment_size) noexcept {
    const auto datagram = wire::UdpView::parse(packet.payload());
    if (!datagram || datagram->source_port() == 0) return drop_malformed();
    if (!is_name_server(packet, datagram->destination_port())) return udp_.arrived(packet, *datagram, segment_size);
    dns_.arrived(packet, *datagram);
    return false;
}

void Stack::handle_tcp(const wire::IpView& packet) noexcept {
    const auto segment = wire::TcpView::parse(packet.payload());
    if (!segment) return (void)drop_malformed();
    const bool for_names = is_name_server(packet, segment->header().destination_port);
    tcp_.arrived(packet, *segment, for_names ? TcpFlows::Served::by_name_server : TcpFlows::Served::outside);
}

void Stack::handle_icmp(const wire::IpView& packet) noexcept {
    const auto message = wire::IcmpView::parse(packet.payload());
    if (!message) return (void)drop_malformed();
    if (!packet.is_v4() && answer_discovery(around_, packet, *message)) return;
    if (message->type() == (packet.is_v4() ? wire::icmp::echo_request : wire::icmp6::echo_request)) echo_.arrived(packet, *message);
}

// ---- from the host

void Stack::listener_ready(std::size_t number) noexcept {
    if (draining_) return;
    const Forward& forward = plan_.forwards[number];
    if (!forward.listener) return; // of this turn's events an earlier one has taken it away
    if (forward.transport == Transport::udp) udp_.port_ready(forward.listener.get(), forward.container_port);
    else accept_from(number);
}

void Stack::accept_from(std::size_t forward) noexcept {
    if (paused_) return;
    const int listener = plan_.forwards[forward].listener.get();
    for (int i = 0; i < accept_batch; ++i) {
        if (tcp_.full()) return pause_accepting(); // clients wait in the backlog
        SocketName peer;
        UniqueFd client(::accept4(listener, peer.get(), peer.size(), SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client) {
            tcp_.accept(std::move(client), peer, plan_.forwards[forward].container_port);
            continue;
        }
        switch (errno) {
        case EAGAIN: return;
        case EMFILE: case ENFILE: case ENOBUFS: case ENOMEM: return pause_accepting();
        case EBADF: case EINVAL: case ENOTSOCK: case EOPNOTSUPP: return loop_.forget(listener); // never works again
        default: break; // the connection's own trouble (accept(2), "Error handling"): the next one
        }
    }
}

void Stack::pause_accepting() noexcept {
    resume_at_ = around_.now + pause_ms;
    if (std::exchange(paused_, true)) return;
    for (const Forward& forward : plan_.forwards)
        if (forward.listener && forward.transport == Transport::tcp) loop_.forget(forward.listener.get());
}

void Stack::watch_listeners() noexcept {
    paused_ = false;
    for (std::size_t i = 0; i < plan_.forwards.size(); ++i) {
        if (!plan_.forwards[i].listener) continue;
        const int error = loop_.watch(plan_.forwards[i].listener.get(), EPOLLIN, Token{Owner::listener, static_cast<std::uint32_t>(i)}.pack());
        if (error != 0 && error != EEXIST) return pause_accepting(); // udp's were never forgotten
    }
}

// ---- orders

void Stack::take_orders() noexcept {
    bool ended = false;
    while (auto received = receive_order(plan_.control.get(), ended)) {
        const Order& order = received->order;
        int error = 0;
        switch (order.kind) {
        case Order::Kind::remove_port: remove_port(order.id); break;
        case Order::Kind::add_port:
            if (!draining_) add_port({std::move(received->fd), order.container_port, order.transport, order.id});
            break;
        case Order::Kind::capture: error = capture(std::move(received->fd), order.snap_length); break;
        case Order::Kind::name_servers: names_.ask_others(dns::parse_servers(received->text())); break;
        }
        answer_order(plan_.control.get(), error);
    }
    if (ended) loop_.forget(plan_.control.get());
}

/// The loop tells, unasked, when the reader is gone.
int Stack::capture(UniqueFd pipe, std::uint32_t snap_length) noexcept {
    if (const int error = link_.start(std::move(pipe), snap_length)) return error;
    const int error = loop_.watch(link_.pipe(), 0, Token{Owner::capture}.pack());
    if (error != 0) link_.stop();
    return error;
}

/// In a place that is free again where there is one: the others keep theirs, which their events name.
void Stack::add_port(Forward forward) noexcept {
    if (prepare_listener(forward) != 0) return;
    const auto place = std::ranges::find_if(plan_.forwards, [](const Forward& other) { return !other.listener; });
    if (place == plan_.forwards.end()) plan_.forwards.push_back(std::move(forward));
    else *place = std::move(forward);
    if (!paused_) watch_listeners();
}

/// Its connections stay.
void Stack::remove_port(std::uint32_t id) noexcept {
    for (Forward& forward : plan_.forwards) {
        if (!forward.listener || forward.id != id) continue;
        udp_.forget_port(forward.listener.get());
        loop_.forget(forward.listener.get()); // closing does not, as long as the monitor has the socket as well
        forward.listener.reset();
    }
}

void Stack::start_draining() noexcept {
    draining_ = true;
    paused_ = false;
    deadline_ = around_.now + plan_.drain.count();
    loop_.forget(plan_.stop.get());
    for (const Forward& forward : plan_.forwards) udp_.forget_port(forward.listener.get());
    plan_.forwards.clear();
    if (plan_.stopped) plan_.stopped();
}

} // namespace

int run_stack(StackPlan plan) noexcept {
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);

    const std::unique_ptr<Stack> stack(new (std::nothrow) Stack(std::move(plan))); // larger than a stack should be
    if (!stack) return ENOMEM;
    if (const int error = stack->prepare()) return error;
    stack->run();
    return 0;
}

} // namespace netstack
