// Data: acknowledgments, windows, retransmission, probes. Tables of segments: tcp_table.h.
#include "tests/unit/netstack/tcp_table.h"

#include "netstack/tcp/limits.h"

using namespace tcp_world;

TEST_SUITE("netstack/tcp/connection") {

TEST_CASE("data goes to the stream within the call, and is acknowledged once for a batch") {
    Table t;
    t.establish();
    t.in(A, 1, 1, "hello ");
    t.in(A, 7, 1, "world");
    CHECK(t.stream.written == "hello world");
    t.nothing();
    CHECK(t.connection.needs_flush());
    t.flush();
    t.expect(A, 1, 12);
    t.flush();
    t.nothing();
}

TEST_CASE("data that comes with the handshake's last segment counts") {
    Table t;
    t.syn();
    t.host_connects();
    t.expect(S | A, 0, 1);
    t.in(A, 1, 1, "GET /");
    CHECK(t.stream.written == "GET /");
}

TEST_CASE("what is there already is cut off, what is out of order is asked for again at once") {
    Table t;
    t.establish();
    t.in(A, 1, 1, "abcdef");
    t.in(A, 3, 1, "cdefgh");
    CHECK(t.stream.written == "abcdefgh");
    t.in(A, 1, 1, "abc"); // all of it old
    t.expect(A, 1, 9);
    t.in(A, 20, 1, "later");
    t.expect(A, 1, 9);
    CHECK(t.stream.written == "abcdefgh");
    CHECK(t.counters.out_of_order == 1);
}

TEST_CASE("what the stream does not take is staged, shrinks the window and is never lost") {
    Table t;
    t.establish();
    t.stream.room = 3;
    t.in(A, 1, 1, "abcdef");
    CHECK(t.stream.written == "abc");
    t.in(A, 7, 1, "ghi");
    t.flush();
    t.expect(A, 1, 10);
    CHECK(t.up.out() == 1);
    t.stream.room = 4;
    t.ready();
    CHECK(t.stream.written == "abcdefg");
    t.stream.room = SIZE_MAX;
    t.ready();
    CHECK(t.stream.written == "abcdefghi");
    CHECK(t.up.out() == 0); // idle again
}

TEST_CASE("the window closes when the staging space is full and opens by half of it") {
    Table t;
    t.syn({.window_scale = 0});
    t.host_connects();
    t.sink.sent.clear();
    t.in(A, 1, 1);
    t.stream.room = 0;
    const std::string chunk(64 << 10, 'u');
    std::uint32_t next = 1;
    for (int i = 0; i < 8; ++i, next += static_cast<std::uint32_t>(chunk.size())) t.in(A, next, 1, chunk);
    t.flush();
    CHECK(t.expect(A, 1, next).window == 0);
    t.in(A, next, 1, "x"); // a probe
    t.flush();
    t.expect(A, 1, next);
    t.stream.room = 100 << 10;
    t.ready();
    t.nothing(); // too little to tell
    t.now += 100;
    t.stream.room = 412 << 10;
    t.ready();
    CHECK(t.expect(A, 1, next).window == (512 << 10) >> tcp::our_scale); // so much in a tenth of a second is a fast stream
}

TEST_CASE("the host's bytes are sent at once and kept until acknowledged") {
    Table t;
    t.establish();
    t.host("one");
    t.expect(A, 1, 1, "one");
    t.host("two");
    t.expect(A, 4, 1, "two");
    CHECK(t.down.out() == 1);
    t.in(A, 1, 4);
    CHECK(t.down.out() == 1);
    t.in(A, 1, 7);
    CHECK(t.down.out() == 0);
    CHECK(t.connection.deadline() == 0);
}

TEST_CASE("an acknowledgment rides on data") {
    Table t;
    t.establish();
    t.stream.incoming = "pong";
    t.in(A, 1, 1, "ping");
    t.expect(A, 1, 5, "pong");
    t.flush();
    t.nothing();
}

TEST_CASE("no more than the window is sent; the rest follows the acknowledgment") {
    Table t;
    t.establish(4);
    t.host("abcdefgh");
    t.expect(A, 1, 1, "abcd");
    t.in(A, 1, 5, {}, 10);
    t.expect(A, 5, 1, "efgh");
}

TEST_CASE("a timeout goes back to the oldest byte and doubles the time") {
    Table t;
    t.establish();
    t.host("abc");
    t.expect(A, 1, 1, "abc");
    t.host("def");
    t.expect(A, 4, 1, "def");
    const auto first = t.connection.deadline();
    t.wait();
    t.expect(A, 1, 1, "abcdef");
    CHECK(t.connection.deadline() - t.now == 2 * (first - 1000));
    t.in(A, 1, 7);
    CHECK(t.connection.deadline() == 0);
    CHECK(t.counters.timeouts == 1);
}

TEST_CASE("the round trip sets the timeout, 200 ms at least, and a repeated segment is not measured (Karn)") {
    Table t;
    t.establish();
    t.host("a");
    t.now += 400;
    t.in(A, 1, 2); // sample 400: RTO = 400 + 4 * 200
    t.host("b");
    CHECK(t.connection.deadline() - t.now == 1200);
    t.wait(); // RTO 2400
    t.in(A, 1, 3); // ambiguous
    t.host("c");
    CHECK(t.connection.deadline() - t.now == 1200); // progress, and no sample
    for (int i = 0; i < 60; ++i) {
        t.in(A, 1, static_cast<std::uint32_t>(4 + i));
        t.host("x");
    }
    CHECK(t.connection.deadline() - t.now == tcp::smallest_rto_ms);
}

TEST_CASE("three duplicates bring the missing segment, once; a partial acknowledgment the next (RFC 6582)") {
    Table t;
    t.syn({.mss = 100, .window_scale = 2});
    t.host_connects();
    t.in(A, 1, 1, {}, 1000);
    t.sink.sent.clear();
    t.host(std::string(100, 'a') + std::string(100, 'b') + std::string(100, 'c'));
    t.expect(A, 1, 1, std::string(100, 'a') + std::string(100, 'b') + std::string(100, 'c'));
    t.in(A, 1, 1);
    t.in(A, 1, 1);
    t.nothing();
    t.in(A, 1, 1);
    t.expect(A, 1, 1, std::string(100, 'a'));
    t.in(A, 1, 1);
    t.nothing();
    t.in(A, 1, 101);
    t.expect(A, 101, 1, std::string(100, 'b'));
    t.in(A, 1, 301);
    t.nothing();
    CHECK(t.counters.retransmissions == 2);
    CHECK(t.counters.timeouts == 0);
}

TEST_CASE("acknowledgments with data or another window are no duplicates") {
    Table t;
    t.establish();
    t.host("abc");
    t.expect(A, 1, 1, "abc");
    for (std::uint32_t i = 0; i < 5; ++i) t.in(A, 1 + i, 1, "x");
    for (std::uint16_t i = 0; i < 5; ++i) t.in(A, 6, 1, {}, static_cast<std::uint16_t>(900 - i));
    t.flush();
    while (!t.sink.sent.empty()) CHECK(t.expect(A, 4, 6).payload.empty());
}

TEST_CASE("a container that uploads without end does not put off the timeout of what it has not got") {
    Table t;
    t.establish();
    t.host("abc");
    t.expect(A, 1, 1, "abc");
    const auto deadline = t.connection.deadline();
    for (std::uint32_t i = 0; i < 10; ++i) {
        t.now += 50;
        t.in(A, 1 + i, 1, "x");
    }
    CHECK(t.connection.deadline() == deadline);
}

TEST_CASE("a closed window is probed with one byte, less and less often, for ever while the container answers") {
    Table t;
    t.establish();
    t.in(A, 1, 1, {}, 0);
    t.host("abc");
    t.nothing();
    std::int64_t last = 0;
    for (int i = 0; i < 40; ++i) {
        const auto before = t.now;
        t.wait();
        CHECK(t.now - before >= last);
        last = std::min<std::int64_t>(t.now - before, tcp::largest_rto_ms);
        t.expect(A, 1, 1, "a");
        t.in(A, 1, 1, {}, 0); // not taken
        t.nothing();
    }
    t.in(A, 1, 1, {}, 100);
    t.expect(A, 1, 1, "abc");
}

TEST_CASE("a probe that was taken goes on behind it") {
    Table t;
    t.establish();
    t.in(A, 1, 1, {}, 0);
    t.host("abc");
    t.wait();
    t.expect(A, 1, 1, "a");
    t.in(A, 1, 2, {}, 100);
    t.expect(A, 2, 1, "bc");
}

TEST_CASE("a container that says nothing any more is given up") {
    Table t;
    t.establish();
    t.host("abc");
    for (int i = 0; i < tcp::most_attempts; ++i) t.wait();
    CHECK(t.connection.is_open());
    t.wait();
    CHECK(t.connection.ended() == tcp::Ended::timed_out);
}

TEST_CASE("acknowledgments of what was never sent change nothing") {
    Table t;
    t.establish();
    t.host("abc");
    t.expect(A, 1, 1, "abc");
    t.in(A, 1, 100);
    t.expect(A, 4, 1);
    t.in(A, 1, 0x80000000);
    CHECK(t.down.out() == 1);
    t.in(A, 1, 4);
    CHECK(t.down.out() == 0);
}

TEST_CASE("data beyond the window is not taken") {
    Table t;
    t.establish();
    t.in(A, 1 + (1 << 20), 1, "x");
    t.expect(A, 1, 1);
    CHECK(t.stream.written.empty());
}

TEST_CASE("sequence numbers wrap") {
    Table t;
    const std::uint32_t near_end = 0xfffffff0;
    const Packet p = packet({40000, 80, near_end, 0, S, 1000});
    t.connection.accept(p.view(), near_end, mss);
    t.host_connects();
    t.sink.sent.clear();
    const auto at = [&](std::uint32_t sequence, std::uint32_t acknowledgment, const std::string& payload) {
        const Packet q = packet({40000, 80, near_end + sequence, near_end + acknowledgment, A, 1000}, payload);
        auto e = t.env();
        t.connection.segment_arrived(e, q.view());
    };
    at(1, 1, std::string(40, 'u'));
    CHECK(t.stream.written.size() == 40);
    t.host(std::string(40, 'd'));
    CHECK(t.sink.sent.back().payload.size() == 40);
    at(41, 41, "");
    CHECK(t.down.out() == 0);
}

} // TEST_SUITE
