// Ping: ICMP and ICMPv6 echo through ping sockets of the host (icmp(7), net.ipv4.ping_group_range).
//
// What goes to the gateway or stands for this machine is answered here. Elsewhere the host's kernel has to permit it: where
// this user is in no group of ping_group_range, the honest answer is "administratively prohibited".
#pragma once

#include "base/unique_fd.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/flow_index.h"
#include "netstack/token.h"

#include <cstdint>

namespace netstack {

class EchoFlows {
public:
    explicit EchoFlows(Surroundings& surroundings) noexcept : around_(surroundings) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve() noexcept { return flows_.reserve(most_flows); }

    /// An echo request of the container's.
    void arrived(const wire::IpView& packet, const wire::IcmpView& request) noexcept;
    void host_event(const Token& token, std::uint32_t events) noexcept;
    std::uint32_t count() const noexcept { return flows_.used(); }

private:
    static constexpr std::uint32_t most_flows = 64; ///< the one that was quiet for longest gives way

    struct Flow {
        FlowKey key; ///< the id as the container's port
        UniqueFd socket;
        std::int64_t used = 0;
    };
    std::uint32_t find_or_make(const wire::IpView& packet, const FlowKey& key, const wire::Address& target) noexcept;
    void reply(const wire::Address& from, const wire::Address& to, std::uint16_t id, std::uint16_t sequence, wire::Bytes payload) noexcept;

    Surroundings& around_;
    Slab<Flow> flows_;
};

} // namespace netstack
