#include "netstack/policy.h"

#include <doctest/doctest.h>

using namespace netstack;

namespace {

wire::Address address(const char* text) {
    const auto parsed = parse_address(text);
    REQUIRE(parsed);
    return *parsed;
}
Network network(const char* text) {
    const auto parsed = parse_network(text);
    REQUIRE(parsed);
    return *parsed;
}
const wire::Address machine = wire::Address::v4(0xc0000202); // 192.0.2.2

Verdict verdict(const char* destination, PolicyRules rules = {}) {
    return Policy(default_special_addresses(), std::move(rules)).decide(address(destination), machine).verdict;
}

} // namespace

TEST_SUITE("netstack/policy") {

TEST_CASE("networks contain what they say, in both families") {
    CHECK(network("10.0.0.0/8").contains(address("10.255.0.1")));
    CHECK_FALSE(network("10.0.0.0/8").contains(address("11.0.0.0")));
    CHECK(network("192.0.2.128/25").contains(address("192.0.2.200")));
    CHECK_FALSE(network("192.0.2.128/25").contains(address("192.0.2.100")));
    CHECK(network("0.0.0.0/0").contains(address("1.2.3.4")));
    CHECK_FALSE(network("0.0.0.0/0").contains(address("2001:db8::1")));
    CHECK(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
    CHECK_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
    CHECK(network("192.0.2.7").contains(address("192.0.2.7")));
    CHECK_FALSE(network("192.0.2.7").contains(address("192.0.2.6")));
    CHECK(network("192.0.2.128/25").is_broadcast(address("192.0.2.255")));
    for (const char* other : {"192.0.2.254", "192.0.2.127", "192.0.3.255"}) CHECK_FALSE(network("192.0.2.128/25").is_broadcast(address(other)));
    CHECK_FALSE(network("192.0.2.254/31").is_broadcast(address("192.0.2.255"))); // RFC 3021
    CHECK(network("0.0.0.0/0").is_broadcast(address("255.255.255.255")));
    for (const char* bad : {"", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8/8", "name"}) CHECK_FALSE(parse_network(bad));
}

TEST_CASE("the world is open, this machine's loopback and other people's links are not") {
    for (const char* open : {"192.0.2.1", "8.8.8.8", "2001:db8::1", "10.89.0.1"}) CHECK(verdict(open) == Verdict::go);
    for (const char* closed : {"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::", "::1", "fe80::1", "10.88.0.77", "fd88::77", "10.88.0.2"})
        CHECK(verdict(closed) == Verdict::no_route);
    for (const char* silent : {"224.0.0.251", "255.255.255.255", "ff02::1", "10.88.0.255"}) CHECK(verdict(silent) == Verdict::ignored);
    CHECK(verdict("10.88.0.1") == Verdict::refused);
    CHECK(verdict("fd88::1") == Verdict::refused);
}

TEST_CASE("the host's address leads to this machine's own, or to its loopback where that is opened") {
    const Policy closed(default_special_addresses(), {});
    CHECK(closed.decide(address("169.254.1.2"), machine).target == machine);
    CHECK(closed.decide(address("169.254.1.2"), std::nullopt).verdict == Verdict::no_route);
    CHECK(closed.decide(address("fd88:0:0:1::2"), address("2001:db8::7")).target == address("2001:db8::7"));
    CHECK(closed.decide(address("fd88:0:0:1::2"), std::nullopt).verdict == Verdict::no_route);
    const Policy open(default_special_addresses(), {.host_loopback = true, .allow = {}, .deny = {}});
    for (const char* ours : {"169.254.1.2", "10.88.0.1"}) CHECK(open.decide(address(ours), machine).target == address("127.0.0.1"));
    CHECK(open.decide(address("fd88:0:0:1::2"), std::nullopt).target == address("::1"));
    CHECK(open.decide(address("fd88::1"), machine).target == address("::1"));
    CHECK(open.decide(address("127.0.0.1"), machine).verdict == Verdict::no_route); // only by those names
}

TEST_CASE("allowed and denied networks") {
    const PolicyRules some{.host_loopback = false, .allow = {network("192.0.2.0/24"), network("2001:db8::/32")}, .deny = {network("192.0.2.9")}};
    CHECK(verdict("192.0.2.1", some) == Verdict::go);
    CHECK(verdict("2001:db8::1", some) == Verdict::go);
    CHECK(verdict("192.0.2.9", some) == Verdict::prohibited);
    CHECK(verdict("192.0.3.1", some) == Verdict::prohibited);
    CHECK(verdict("2001:db9::1", some) == Verdict::prohibited);
}

TEST_CASE("a rule is about where a connection really goes") {
    CHECK(verdict("169.254.1.2", {.host_loopback = false, .allow = {}, .deny = {network("192.0.2.2")}}) == Verdict::prohibited);
    CHECK(verdict("10.88.0.1", {.host_loopback = true, .allow = {}, .deny = {network("127.0.0.0/8")}}) == Verdict::prohibited);
}

} // TEST_SUITE
