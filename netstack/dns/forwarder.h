// The name server on the gateway's address: names of the engine's own first, everything else to the host's name servers.
//
// A query leaves with a random id from a socket of its own, hence from a random port, and only an answer with that id, from
// that server, to that question comes back (RFC 5452). The next server is asked after three seconds without an answer, or
// at once where one refuses; after two rounds the container hears SERVFAIL. Nothing is cached: the host's resolver does.
// Over TCP the container is connected with the first server; the names of the engine's own are in /etc/hosts as well.
#pragma once

#include "base/unique_fd.h"
#include "netstack/dns/message.h"
#include "netstack/dns/servers.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/timer_wheel.h"
#include "netstack/token.h"
#include "netstack/wire/udp.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace netstack::dns {

/// A name that is answered here.
struct LocalName {
    std::string name;      ///< lower case, without a dot at the end
    wire::Address address; ///< v4
    std::optional<wire::Address> v6{}; ///< said only while something can be reached there
};

class Forwarder {
public:
    Forwarder(Surroundings& surroundings, const ServerList& servers, std::vector<LocalName> names) noexcept
        : around_(surroundings), servers_(servers), names_(std::move(names)) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve() noexcept;
    void arrived(const wire::IpView& packet, const wire::UdpView& datagram) noexcept;
    /// From here on these are asked, also with what was asked already and is not answered.
    void ask_others(const ServerList& servers) noexcept { servers_ = servers; }
    /// Whom a TCP connection to us is for.
    SocketName first_server() const noexcept { return servers_.servers[0]; }
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
    bool answer_locally(const Query& query, const Ends& ends) noexcept;
    void answer(const Query& query, const Ends& ends, Code code) noexcept;
    void ask(std::uint32_t index) noexcept;
    bool send(std::uint32_t index, const SocketName& server) noexcept;
    void give_up(std::uint32_t index) noexcept;
    void remove(std::uint32_t index) noexcept;

    Surroundings& around_;
    ServerList servers_;
    std::vector<LocalName> names_;
    Slab<Pending> pending_;
    TimerWheel wheel_;
};

} // namespace netstack::dns
