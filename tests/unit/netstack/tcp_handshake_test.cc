// Connecting: the handshake of both directions, and what it negotiates. Tables of segments: tcp_table.h.
#include "tests/unit/netstack/tcp_table.h"

#include "netstack/tcp/limits.h"

using namespace tcp_world;

TEST_SUITE("netstack/tcp/connection") {

TEST_CASE("a SYN is answered when the host has connected, not before") {
    Table t;
    t.syn();
    t.nothing();
    t.syn(); // repeated
    t.nothing();
    t.host_connects();
    const Sent s = t.expect(S | A, 0, 1);
    CHECK(s.options.mss == mss);
    CHECK_FALSE(s.options.window_scale); // not offered, so not answered (RFC 7323, 2.2)
    CHECK(s.window == 0xffff);
    CHECK(t.connection.deadline() == t.now + tcp::first_rto_ms);
}

TEST_CASE("a refused connect is a reset that acknowledges the SYN") {
    Table t;
    t.syn();
    auto e = t.env();
    t.connection.refuse(e);
    const Sent s = t.expect_reset();
    CHECK(s.sequence == 0);
    CHECK(s.acknowledgment == theirs + 1);
    CHECK(t.connection.ended() == tcp::Ended::refused);
}

TEST_CASE("options of the SYN: segment size and window scale are taken over") {
    Table t;
    t.syn({.mss = 500, .window_scale = 7});
    t.host_connects();
    const Sent s = t.expect(S | A, 0, 1);
    CHECK(s.options.window_scale == tcp::our_scale);
    t.in(A, 1, 1, {}, 100);
    t.host(std::string(20000, 'x'));
    const Sent data = t.expect(A, 1, 1, std::string(12500, 'x')); // 100 << 7 = 12800, whole segments of 500
    CHECK(data.mss == 500);
    CHECK(data.window == (512 << 10) >> tcp::our_scale);
}

TEST_CASE("absurd segment sizes are brought into bounds") {
    for (const auto& [offered, taken] : {std::pair{0, 64}, std::pair{1, 64}, std::pair{60000, 1460}, std::pair{1000, 1000}}) {
        Table t;
        t.syn({.mss = static_cast<std::uint16_t>(offered)});
        t.host_connects();
        CHECK(t.sink.sent.front().mss == taken);
        CHECK(t.sink.sent.front().options.mss == mss);
    }
}

TEST_CASE("a lost SYN-ACK is sent again: asked for, and by the clock") {
    Table t;
    t.syn();
    t.host_connects();
    t.expect(S | A, 0, 1);
    t.in(S, 0, 0 - ours);
    t.expect(S | A, 0, 1);
    t.wait();
    t.expect(S | A, 0, 1);
    CHECK(t.connection.deadline() == t.now + 2 * tcp::first_rto_ms);
    for (int i = 1; i < tcp::most_syn_attempts; ++i) {
        t.wait();
        t.expect(S | A, 0, 1);
    }
    t.wait();
    t.expect_reset();
    CHECK(t.connection.ended() == tcp::Ended::timed_out);
}

TEST_CASE("an acknowledgment of something else in SYN-RECEIVED is a reset with its number") {
    Table t;
    t.syn();
    t.host_connects();
    t.expect(S | A, 0, 1);
    t.in(A, 1, 77);
    CHECK(t.expect_reset().sequence == ours + 77);
    CHECK_FALSE(t.connection.is_open());
    t.in(A, 1, 1);
    CHECK(t.connection.is_open());
}

TEST_CASE("inbound: SYN, SYN-ACK, and the client's first bytes follow") {
    Table t;
    t.stream.incoming = "GET /";
    auto e = t.env();
    t.connection.open(e, ours, mss);
    const Sent s = t.expect(S, 0, 0);
    CHECK(s.options.window_scale == tcp::our_scale);
    t.in(S | A, 0, 1, {}, 1000, {.mss = 1400, .window_scale = 3});
    CHECK(t.expect(A, 1, 1, "GET /").mss == 1400);
    CHECK(t.connection.is_open());
    t.nothing();
}

TEST_CASE("inbound: refused, half-known numbers, no answer") {
    Table t;
    auto e = t.env();
    t.connection.open(e, ours, mss);
    t.sink.sent.clear();
    t.in(R | A, 0, 9); // of something else
    CHECK(t.connection.ended() == tcp::Ended::no);
    t.in(S | A, 0, 9);
    CHECK(t.expect_reset().sequence == ours + 9);
    t.expect(S, 0, 0); // what was in the way is over: again at once, but that once
    t.in(A, 0, 9);
    CHECK(t.expect_reset().sequence == ours + 9);
    t.nothing();
    SUBCASE("refused") {
        t.in(R | A, 0, 1);
        CHECK(t.connection.ended() == tcp::Ended::refused);
    }
    SUBCASE("silence") {
        for (int i = 0; i < tcp::most_syn_attempts; ++i) {
            t.wait();
            t.expect(S, 0, 0);
        }
        t.wait();
        CHECK(t.connection.ended() == tcp::Ended::timed_out);
    }
    SUBCASE("both at once") {
        t.in(S, 0, 0);
        t.expect(S | A, 0, 1);
        t.in(A, 1, 1);
        CHECK(t.connection.is_open());
    }
}

} // TEST_SUITE
