// What the parts of the stack share: the way to the container, the loop, the policy, the time.
#pragma once

#include "netstack/frame_writer.h"
#include "netstack/host_address.h"
#include "netstack/loop.h"
#include "netstack/policy.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace netstack {

/// One per stack; outlives the parts.
struct Surroundings {
    Surroundings(FrameWriter& writer, EventLoop& event_loop, const Policy& rules, Counters& counted, std::uint16_t link_mtu) noexcept
        : frames(writer), loop(event_loop), policy(rules), counters(counted), mtu(link_mtu) {}

    FrameWriter& frames;
    EventLoop& loop;
    const Policy& policy;
    Counters& counters;   ///< `open` of flows is filled in when they are shown
    std::uint16_t mtu;    ///< of IP packets on the link
    std::int64_t now = 0; ///< milliseconds, taken once for a batch of events
    std::array<std::byte, 65'536> scratch; ///< for one datagram of a socket, until the next is received

    /// Where a packet may go. This machine's address is looked up at most once a second: laptops move.
    Decision decide(const wire::Address& destination) noexcept {
        std::optional<wire::Address> machine;
        if (policy.addresses().is_host(destination)) machine = machine_address(destination.is_v4());
        return policy.decide(destination, machine);
    }
    /// Our address in the family of `other`: from where we answer it.
    const wire::Address& gateway(const wire::Address& other) const noexcept {
        return other.is_v4() ? policy.addresses().gateway_v4 : policy.addresses().gateway_v6;
    }

private:
    struct Machine {
        std::optional<wire::Address> address{};
        std::int64_t looked_up = 0;
    };
    std::optional<wire::Address> machine_address(bool v4) noexcept {
        Machine& machine = v4 ? machine_v4_ : machine_v6_;
        if (now >= machine.looked_up + 1000 || machine.looked_up == 0) {
            const auto route = find_route(v4);
            machine.address = route ? std::optional(route->address) : std::nullopt;
            machine.looked_up = now;
        }
        return machine.address;
    }
    Machine machine_v4_, machine_v6_;
};

} // namespace netstack
