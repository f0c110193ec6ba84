// The name server on the gateway's address: names of the engine's own first, everything else to the host's name servers.
//
// A query leaves with a random id from a socket of its own, hence from a random port, and only an answer with that id, from
// that server, to that question comes back (RFC 5452). The next server is asked after three seconds without an answer, or
// at once where one refuses; after two rounds the container hears SERVFAIL. Nothing is cached: the host's resolver does.
// Over TCP it is a conversation (dns/conversation.h).
#pragma once

#include "base/unique_fd.h"
#include "netstack/dns/message.h"
#include "netstack/dns/names.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/timer_wheel.h"
#include "netstack/token.h"
#include "netstack/wire/udp.h"

#include <array>
#include <cstdint>

namespace netstack::dns {

class Forwarder {
public:
    Forwarder(Surroundings& surroundings, const Names& names) noexcept : around_(surroundings), names_(names) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve() noexcept;
    void arrived(const wire::IpView& packet, const wire::UdpView& datagram) noexcept;
    void host_event(const Token& token, std::uint32_t events) noexcept;
    void advance() noexcept;
    int wait_time() const noexcept { return wheel_.wait_time(around_.now); }

private:
    static constexpr std::uint32_t most_queries = 256;
    static constexpr std::size_t largest_query = 1280;

    struct Pending {
        Ends ends;                ///< of the answer
        UniqueFd socket;
        std::int64_t deadline = 0;
        std::uint16_t id = 0;     ///< towards the server
        std::uint16_t attempts = 0;
        std::uint16_t size = 0;
        std::array<std::byte, largest_query> query; ///< as the container sent it
    };
    void answer(const Query& query, const Ends& ends, Code code) noexcept;
    void ask(std::uint32_t index) noexcept;
    bool send(std::uint32_t index, const SocketName& server) noexcept;
    void give_up(std::uint32_t index) noexcept;
    void remove(std::uint32_t index) noexcept;

    Surroundings& around_;
    const Names& names_;
    Slab<Pending> pending_;
    TimerWheel wheel_;
};

} // namespace netstack::dns
