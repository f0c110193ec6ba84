// Where a container may go, decided in one place for every protocol and tier.
//
// Two families of rules. What an address means: the gateway is us, one address stands for this machine, multicast and what
// has no meaning beyond a link goes nowhere. And what is permitted: this machine's loopback is closed unless it was opened,
// and networks may be denied, or others than the allowed ones. A destination is looked at as it will be connected to, after
// translation, so no spelling of an address gets around a rule.
#pragma once

#include "netstack/wire/address.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace netstack {

/// A network of either family.
struct Network {
    wire::Address address;
    std::uint8_t prefix = 128; ///< bits of the 16-byte form: an IPv4 network's are 96 more

    bool contains(const wire::Address& other) const noexcept;
    /// Of an IPv4 network: the address of all in it (RFC 919).
    bool is_broadcast(const wire::Address& other) const noexcept;
    bool operator==(const Network&) const noexcept = default;
};

/// "10.0.0.0/8", "2001:db8::/32", an address alone. Nothing where it is none of these.
std::optional<Network> parse_network(std::string_view text) noexcept;
std::optional<wire::Address> parse_address(std::string_view text) noexcept;

struct PolicyRules {
    bool host_loopback = false;  ///< the gateway and the host's address lead to this machine's loopback
    std::vector<Network> allow;  ///< empty: everything that is not denied
    std::vector<Network> deny;
};

enum class Verdict : std::uint8_t {
    go,         ///< to Decision::target
    refused,    ///< as if nobody listened there
    no_route,
    prohibited, ///< by a rule of the user's
    ignored,    ///< multicast, broadcast: no answer is due
};

struct Decision {
    Verdict verdict = Verdict::ignored;
    wire::Address target;
};

/// The addresses that mean something special in a container's network.
struct SpecialAddresses {
    wire::Address gateway_v4, gateway_v6;
    wire::Address container_v4, container_v6;
    wire::Address host, host_v6; ///< stand for this machine
    Network link_v4, link_v6; ///< the container's own network: nobody else is in it
    bool is_host(const wire::Address& other) const noexcept { return other == host || other == host_v6; }
};
SpecialAddresses default_special_addresses() noexcept;

class Policy {
public:
    Policy(SpecialAddresses addresses, PolicyRules rules) : addresses_(std::move(addresses)), rules_(std::move(rules)) {}

    /// `machine`: an address of this machine of the destination's family that is not its loopback, where it has one; what
    /// SpecialAddresses::host and host_v6 lead to.
    Decision decide(const wire::Address& destination, const std::optional<wire::Address>& machine) const noexcept;
    const SpecialAddresses& addresses() const noexcept { return addresses_; }
    const PolicyRules& rules() const noexcept { return rules_; }

private:
    SpecialAddresses addresses_;
    PolicyRules rules_;
};

} // namespace netstack
