// The tables of flows: index, timers, fragments.
#include "netstack/flow_index.h"
#include "netstack/reassembly.h"
#include "netstack/timer_wheel.h"
#include "netstack/wire/checksum.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace netstack;

namespace {

/// The published vectors of SipHash-1-3 are few; what is held here is that the key and every byte matter.
FlowKey key_of(std::uint32_t number) {
    return {wire::Address::v4(0x0a580002), wire::Address::v4(number), static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(number >> 16)};
}

/// A fragment of a UDP packet: the payload's bytes are their own offsets.
struct Piece {
    std::vector<std::byte> bytes;
    Piece(std::size_t offset, std::size_t size, bool more, std::uint16_t id = 7) : bytes(20 + size) {
        wire::build_ip(bytes, {wire::Address::v4(1 << 24 | 2), wire::Address::v4(1 << 24 | 3), wire::protocol_udp, 64, size});
        wire::store16(bytes, 4, id);
        wire::store16(bytes, 6, static_cast<std::uint16_t>(offset / 8 | (more ? 0x2000 : 0)));
        wire::store16(bytes, 10, 0);
        wire::Sum sum;
        sum.add(wire::Bytes(bytes).first(20));
        wire::store16(bytes, 10, sum.finish());
        for (std::size_t i = 0; i < size; ++i) bytes[20 + i] = static_cast<std::byte>(offset + i);
    }
    wire::IpView view() const { return *wire::IpView::parse(bytes); }
};

bool is_whole(const std::optional<wire::IpView>& packet, std::size_t size) {
    if (!packet || packet->payload().size() != size || !packet->fragment().is_whole()) return false;
    for (std::size_t i = 0; i < size; ++i)
        if (packet->payload()[i] != static_cast<std::byte>(i)) return false;
    return true;
}

} // namespace

TEST_SUITE("netstack/tables") {

TEST_CASE("the hash depends on the key and on every byte") {
    std::vector<std::byte> text(40);
    const auto base = siphash({1, 2}, text);
    CHECK(siphash({1, 3}, text) != base);
    CHECK(siphash({2, 2}, text) != base);
    for (std::byte& b : text) {
        b ^= std::byte{1};
        CHECK(siphash({1, 2}, text) != base);
        b ^= std::byte{1};
    }
}

TEST_CASE("the index finds what is in it, through insertions and removals in any order") {
    constexpr std::uint32_t capacity = 500;
    FlowIndex index;
    REQUIRE(index.reserve(capacity) == 0);
    std::minstd_rand random(3);
    std::vector<FlowKey> keys(capacity);
    std::map<std::uint32_t, std::uint32_t> held; // number -> index
    std::vector<std::uint32_t> free;
    for (std::uint32_t i = 0; i < capacity; ++i) free.push_back(i);
    const auto find = [&](std::uint32_t number) { return index.find(key_of(number), [&](std::uint32_t i) -> const FlowKey& { return keys[i]; }); };
    for (int step = 0; step < 20'000; ++step) {
        const std::uint32_t number = static_cast<std::uint32_t>(random() % 900) * 65'537;
        const auto known = held.find(number);
        REQUIRE(find(number) == (known == held.end() ? FlowIndex::none : known->second));
        if (known != held.end()) {
            index.erase(key_of(number), known->second);
            free.push_back(known->second);
            held.erase(known);
        } else if (!free.empty()) {
            const std::uint32_t at = free.back();
            free.pop_back();
            keys[at] = key_of(number);
            index.insert(keys[at], at);
            held[number] = at;
        }
    }
}

TEST_CASE("timers fire once, when they are due or up to a tick later, the far ones too when set again") {
    TimerWheel wheel;
    std::int64_t now = 12'345;
    REQUIRE(wheel.reserve(100, now) == 0);
    CHECK(wheel.wait_time(now) == -1);
    std::map<std::uint32_t, std::int64_t> due;
    for (std::uint32_t id = 0; id < 100; ++id) {
        due[id] = now + 1 + id * 1777; // the last ones beyond the wheel's reach
        wheel.set(id, due[id]);
    }
    wheel.cancel(50);
    due.erase(50);
    while (!due.empty()) {
        const int wait = wheel.wait_time(now);
        REQUIRE(wait >= 0);
        now += std::max(wait, 1);
        wheel.advance(now, [&](std::uint32_t id) {
            if (due.at(id) > now) return wheel.set(id, due[id]); // as its users do
            CHECK(now - due[id] <= 2 * TimerWheel::tick_ms);
            due.erase(id);
        });
    }
    CHECK(wheel.wait_time(now) == -1);
}

TEST_CASE("a timer is moved forward, not back") {
    TimerWheel wheel;
    REQUIRE(wheel.reserve(1, 0) == 0);
    int fired = 0;
    wheel.set(0, 5000);
    wheel.set(0, 9000); // left where it is
    wheel.set(0, 1000);
    wheel.advance(900, [&](std::uint32_t) { ++fired; });
    CHECK(fired == 0);
    wheel.advance(1100, [&](std::uint32_t) { ++fired; });
    CHECK(fired == 1);
    wheel.advance(20'000, [&](std::uint32_t) { ++fired; });
    CHECK(fired == 1);
}

TEST_CASE("fragments make a packet in any order") {
    const auto reassembly = std::make_unique<Reassembly>();
    const Piece a(0, 16, true), b(16, 24, true), c(40, 5, false);
    CHECK_FALSE(reassembly->add(c.view(), 1));
    CHECK_FALSE(reassembly->add(a.view(), 1));
    CHECK(is_whole(reassembly->add(b.view(), 1), 45));
    CHECK_FALSE(reassembly->add(b.view(), 1)); // the place is free again
}

TEST_CASE("packets with different ids do not mix, and the oldest gives way") {
    const auto reassembly = std::make_unique<Reassembly>();
    for (std::uint16_t id = 0; id < 5; ++id) CHECK_FALSE(reassembly->add(Piece(0, 8, true, id).view(), 10 + id));
    for (std::uint16_t id = 1; id < 5; ++id) CHECK(is_whole(reassembly->add(Piece(8, 8, false, id).view(), 20), 16));
    CHECK_FALSE(reassembly->add(Piece(8, 8, false, 0).view(), 20));
}

TEST_CASE("overlaps, contradictions, overlong and late fragments make nothing") {
    const auto reassembly = std::make_unique<Reassembly>();
    SUBCASE("overlap") {
        reassembly->add(Piece(0, 16, true).view(), 1);
        CHECK_FALSE(reassembly->add(Piece(8, 16, true).view(), 1));
        CHECK_FALSE(reassembly->add(Piece(24, 8, false).view(), 1));
    }
    SUBCASE("two ends") {
        reassembly->add(Piece(16, 8, false).view(), 1);
        CHECK_FALSE(reassembly->add(Piece(24, 8, false).view(), 1));
        CHECK_FALSE(reassembly->add(Piece(0, 16, true).view(), 1));
    }
    SUBCASE("beyond 64 KiB") { CHECK_FALSE(reassembly->add(Piece(65'528, 100, false).view(), 1)); }
    SUBCASE("not in units of eight") {
        CHECK_FALSE(reassembly->add(Piece(0, 9, true).view(), 1));
        CHECK_FALSE(reassembly->add(Piece(16, 8, false).view(), 1));
    }
    SUBCASE("late") {
        reassembly->add(Piece(0, 8, true).view(), 1);
        CHECK_FALSE(reassembly->add(Piece(8, 8, false).view(), 6000));
    }
}

} // TEST_SUITE
