// The rules of netstack/policy.h.
#include "netstack/policy.h"

#include "netstack/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace netstack {
namespace {

wire::Address known(const char* text) noexcept { return parse_address(text).value_or(wire::Address{}); }

const wire::Address loopback_v4 = wire::Address::v4(INADDR_LOOPBACK);

} // namespace

std::optional<wire::Address> parse_address(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size()) return std::nullopt;
    std::ranges::copy(text, terminated.begin());
    std::array<std::byte, 16> bytes{};
    if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return wire::Address::from_v4(bytes);
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return wire::Address::from_v6(bytes);
    return std::nullopt;
}

std::optional<Network> parse_network(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    const bool v4 = address->is_v4() && text.find(':') == std::string_view::npos;
    Network network{*address, 128};
    if (slash == std::string_view::npos) return network;
    const std::string_view number = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc{} || end != number.data() + number.size() || bits > (v4 ? 32u : 128u)) return std::nullopt;
    network.prefix = static_cast<std::uint8_t>(v4 ? 96 + bits : bits);
    return network;
}

bool Network::contains(const wire::Address& other) const noexcept {
    const auto ours = address.all(), theirs = other.all();
    const std::size_t whole = prefix / 8;
    if (!std::ranges::equal(ours.first(whole), theirs.first(whole))) return false;
    if (prefix % 8 == 0) return true;
    const auto mask = std::byte{static_cast<unsigned char>(0xff << (8 - prefix % 8))};
    return (ours[whole] & mask) == (theirs[whole] & mask);
}

bool Network::is_broadcast(const wire::Address& other) const noexcept {
    if (!address.is_v4() || prefix < 96 || prefix > 126 || !contains(other)) return false;
    const std::uint32_t host_bits = UINT32_MAX >> (prefix - 96);
    return (other.v4() & host_bits) == host_bits;
}

SpecialAddresses default_special_addresses() noexcept {
    return {known(gateway_v4_text), known(gateway_v6_text), known(container_v4_text), known(container_v6_text),
            known(host_v4_text), known(host_v6_text), {known(gateway_v4_text), 96 + 24}, {known(gateway_v6_text), 64}};
}

Decision Policy::decide(const wire::Address& destination, const std::optional<wire::Address>& machine) const noexcept {
    wire::Address target = destination;
    bool to_loopback = false;
    if (destination == addresses_.gateway_v4 || destination == addresses_.gateway_v6 || addresses_.is_host(destination)) {
        to_loopback = rules_.host_loopback;
        if (to_loopback) {
            std::array<std::byte, 16> one{};
            one[15] = std::byte{1};
            target = destination.is_v4() ? loopback_v4 : wire::Address::from_v6(one);
        } else if (!addresses_.is_host(destination)) {
            return {Verdict::refused, {}};
        } else if (machine) {
            target = *machine;
        } else {
            return {Verdict::no_route, {}};
        }
    }
    if (target.is_multicast() || addresses_.link_v4.is_broadcast(target)) return {};
    if (!to_loopback && (target.is_loopback() || target.is_unspecified())) return {Verdict::no_route, {}};
    if (target.is_v6_link_local() || addresses_.link_v4.contains(target) || addresses_.link_v6.contains(target))
        return {Verdict::no_route, {}};
    const auto contains = [&](const Network& network) noexcept { return network.contains(target); };
    if (std::ranges::any_of(rules_.deny, contains)) return {Verdict::prohibited, {}};
    if (!rules_.allow.empty() && !std::ranges::any_of(rules_.allow, contains)) return {Verdict::prohibited, {}};
    return {Verdict::go, target};
}

} // namespace netstack
