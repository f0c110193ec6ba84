// UDP between a container and the outside: one connected socket of the host for each pair of ends, for as long as it is used.
//
// Datagrams of one flow that follow each other in a batch, all of one size, leave as one sendmsg(2) with UDP_SEGMENT: 2.3
// times the packets at a third of the processor time (netstack.md 2.1). UDP_GRO does the same on the way in. An error of the
// host's socket goes to the container as the ICMP message it came from.
//
// A published port's clients have no socket each: what they send comes in by the port's own, and goes to the container from the
// client's address; what the container sends back there leaves by the port's socket again, from the address that the client has
// written to (IP_PKTINFO). Clients that the container could not answer come from the gateway, on IPv4 where they are this
// machine's own: a service may know that alone, and nobody says so as a refused connection does.
#pragma once

#include "base/unique_fd.h"
#include "netstack/flow_index.h"
#include "netstack/host_address.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/timer_wheel.h"
#include "netstack/token.h"
#include "netstack/udp_run.h"
#include "netstack/wire/udp.h"

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace netstack {

class UdpFlows {
public:
    explicit UdpFlows(Surroundings& surroundings) noexcept : around_(surroundings), in_(surroundings.frames) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve(std::uint32_t capacity) noexcept;

    /// From the container; `segment_size`: the payload is several datagrams of this size (USO), 0: one. The bytes must stay
    /// where they are until flush(). True when they are still needed.
    bool arrived(const wire::IpView& packet, const wire::UdpView& datagram, std::size_t segment_size) noexcept;
    /// Sends what arrived() has kept.
    void flush() noexcept;
    void host_event(const Token& token, std::uint32_t events) noexcept;
    /// A published port's socket has news. Bound, non-blocking, and set up by prepare_port(); it stays the caller's.
    void port_ready(int socket, std::uint16_t container_port) noexcept;
    static void prepare_port(int socket) noexcept;
    /// What the container says first from a published port leaves by that port's socket.
    void add_port(int socket, std::uint16_t container_port) noexcept;
    /// The port's socket is about to be closed: its clients go.
    void forget_port(int socket) noexcept;
    void advance() noexcept;
    int wait_time() const noexcept { return wheel_.wait_time(around_.now); }
    std::uint32_t count() const noexcept { return flows_.used(); }

private:
    struct Flow {
        FlowKey key;
        UniqueFd socket;         ///< none: a client of a published port
        int port_socket = -1;    ///< then that port's; borrowed
        SocketName peer;         ///< the client
        wire::Address own;       ///< where it has written to
        std::int64_t used = 0;   ///< last datagram, milliseconds
        bool answered = false;
    };
    /// Datagrams of one flow and size that leave together.
    struct Run {
        std::uint32_t flow = FlowIndex::none;
        std::size_t size = 0;    ///< of each but perhaps the last
        std::size_t bytes = 0;
        std::size_t count = 0;
        std::array<iovec, 64> pieces{}; ///< UDP_MAX_SEGMENTS
    };

    std::uint32_t find(const FlowKey& key) noexcept;
    std::uint32_t add(const FlowKey& key) noexcept;
    std::uint32_t client_flow(int socket, const SocketName& peer, const wire::Address& sent_to, std::uint16_t container_port) noexcept;
    ssize_t send(std::span<iovec> pieces, std::size_t segment_size) noexcept;
    std::uint32_t begin_by_port(const FlowKey& key, const wire::Address& target) noexcept;
    std::uint32_t find_or_make(const wire::IpView& packet, const FlowKey& key) noexcept;
    /// Strangers must not push out what the container itself has begun: clients have half of the table.
    enum class Room { for_container, for_client };
    void make_room(Room room) noexcept;
    static std::int64_t first_wait() noexcept;
    void send_run() noexcept;
    void send_each() noexcept;
    void send_segmented(std::uint32_t index, wire::Bytes payload, std::size_t segment_size) noexcept;
    void receive(std::uint32_t index) noexcept;
    void failed(std::uint32_t index, int error) noexcept;
    void remove(std::uint32_t index) noexcept;

    Surroundings& around_;
    Slab<Flow> flows_;
    std::uint32_t capacity_ = 0;
    std::uint32_t clients_ = 0;  ///< flows of published ports
    struct Port {
        int socket;
        std::uint16_t container_port;
    };
    std::vector<Port> ports_;
    FlowIndex index_;
    TimerWheel wheel_;
    Run run_;  ///< from the container
    UdpRun in_; ///< to it
};

} // namespace netstack
