// All TCP connections of a container with the outside: the table, the host's sockets, and who is told what.
//
// A SYN from the container becomes a connect(2) of the host, and is answered when that has an outcome. A client that the
// host has accepted becomes a SYN to the container, from the client's own address where that can be: the answer finds its
// way back through us, because everything does. Each connection is one slab entry of some 250 bytes and one descriptor.
#pragma once

#include "netstack/dns/conversation.h"
#include "netstack/flow_index.h"
#include "netstack/flow_journal.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/tcp/connection.h"
#include "netstack/timer_wheel.h"
#include "netstack/token.h"
#include "netstack/wire/tcp.h"

#include "base/unique_fd.h"

#include <array>
#include <cstdint>

namespace netstack {

class TcpFlows {
public:
    TcpFlows(Surroundings& surroundings, const dns::Names& names) noexcept : around_(surroundings), names_(surroundings, names) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve(std::uint32_t capacity) noexcept;
    /// Keeps the connections in a file (flow_journal.h). 0 or errno. Those that it has from before are reset by and by.
    [[nodiscard]] int keep_journal(int fd) noexcept { return journal_.open(fd); }
    bool has_former() const noexcept { return journal_.has_former(); }
    void reset_former() noexcept;

    enum class Served : std::uint8_t { outside, by_name_server };
    /// From the container, for who serves its destination.
    void arrived(const wire::IpView& packet, const wire::TcpView& segment, Served served) noexcept;
    /// A client of the host's for a port of the container. False when there is no room: the client is reset.
    bool accept(UniqueFd client, const SocketName& peer, std::uint16_t container_port) noexcept;
    void host_event(const Token& token, std::uint32_t events) noexcept;
    /// The acknowledgments that a batch has made due.
    void flush() noexcept;
    void advance() noexcept;
    int wait_time() const noexcept;
    /// Returns memory of idle buffers; when nothing happens.
    void trim() noexcept;
    void reset_all() noexcept;

    bool full() const noexcept { return flows_.full(); }
    std::uint32_t count() const noexcept { return flows_.used(); }

private:
    enum class Direction : std::uint8_t { outbound, inbound, to_names };

    struct Flow {
        tcp::Connection connection;
        FlowKey key;
        UniqueFd socket;
        std::uint16_t client_port = 0;  ///< of an inbound flow
        std::uint16_t conversation = 0; ///< of one to the name server, which has no socket here
        Direction direction = Direction::outbound;
        bool connected = false;         ///< the socket is
        bool readable = false;          ///< data, an end or an error may be waiting; cleared by EAGAIN and short reads
        bool writable = false;          ///< there may be room
        bool reads_short = false;       ///< the other side has ended, or said something urgent: a short read is not the last one
        bool was_reset = false;         ///< by the other side, before we had looked: asking has taken the error away
        bool queued = false;            ///< in dirty_
        bool second_family = false;     ///< an inbound flow, or one to this machine, that was refused in its own
    };
    class HostStream;    // tcp_flow_sides.h
    class ContainerSink;

    template <class Call>
    void with_connection(std::uint32_t index, Call call) noexcept;
    void settle(std::uint32_t index) noexcept;
    void answer_stray(const wire::IpView& packet, const wire::TcpView& segment) noexcept;
    bool watch(std::uint32_t index) noexcept;

    // tcp_begin.cc, with accept() above
    void start(const wire::IpView& packet, const wire::TcpView& syn, const FlowKey& key) noexcept;
    void start_conversation(const wire::TcpView& syn, const FlowKey& key) noexcept;
    void connect(std::uint32_t index, const SocketName& target) noexcept;
    void check_connect(std::uint32_t index) noexcept;
    void connect_failed(std::uint32_t index, int error) noexcept;
    bool open_towards(std::uint32_t index, const wire::Address& container, const wire::Address& remote) noexcept;
    bool try_other_family(std::uint32_t index) noexcept;
    bool try_other_host_family(std::uint32_t index) noexcept;
    void send_unreachable(const Flow& flow, wire::Unreachable why) noexcept;

    std::uint32_t add(const FlowKey& key) noexcept;
    void enter(const FlowKey& key, std::uint32_t index) noexcept;
    void leave(std::uint32_t index) noexcept;
    std::uint32_t find(const FlowKey& key) noexcept;
    void remove(std::uint32_t index) noexcept;
    std::uint16_t mss(const wire::Address& address) const noexcept;
    std::uint32_t initial_sequence(const FlowKey& key) const noexcept;
    std::uint32_t next_random() noexcept;

    Surroundings& around_;
    Slab<Flow> flows_;
    static_assert(Slab<Flow>::entry_size <= 256); // what an idle connection costs
    dns::Conversations names_;
    FlowIndex index_;
    FlowJournal journal_;
    TimerWheel wheel_;
    tcp::BlockPool up_blocks_, down_blocks_;
    HashKey secret_{}; ///< of sequence numbers and ports
    std::uint64_t drawn_ = 0;
    std::array<std::uint32_t, 64> dirty_{};
    std::size_t dirty_count_ = 0;
};

} // namespace netstack
