// The states of a connection as tables of segments sent and received. Numbers: the container begins at 1000, we at 5000.
#include "tests/unit/netstack/tcp_world.h"

#include "netstack/tcp/limits.h"

#include <doctest/doctest.h>

#include <string>

using namespace tcp_world;
namespace flag = wire::tcp_flag;

namespace {

constexpr std::uint32_t theirs = 1000;
constexpr std::uint32_t ours = 5000;
constexpr std::uint16_t mss = 1460;
constexpr std::uint8_t A = flag::ack, F = flag::fin, R = flag::rst, S = flag::syn;

/// The machine between a test that plays the container and one that plays the host.
struct Table : End {
    /// A segment from the container, numbers relative to the beginnings.
    void in(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment, const std::string& payload = {},
            std::uint16_t window = 1000, const wire::TcpOptions& options = {}) {
        const Packet p = packet({40000, 80, theirs + sequence, ours + acknowledgment, flags, window}, payload, options);
        auto e = env();
        connection.segment_arrived(e, p.view());
    }
    void syn(const wire::TcpOptions& options = {}, std::uint16_t window = 1000) {
        const Packet p = packet({40000, 80, theirs, 0, S, window}, {}, options);
        connection.accept(p.view(), ours, mss);
    }
    void host_connects() {
        auto e = env();
        connection.host_connected(e);
    }
    void establish(std::uint16_t window = 1000) {
        syn({}, window);
        host_connects();
        expect(S | A, 0, 1);
        in(A, 1, 1, {}, window);
        nothing();
        REQUIRE(connection.is_open());
    }
    void host(const std::string& data, bool end = false) {
        stream.incoming += data;
        stream.incoming_ended = end;
        ready();
    }
    void ready() {
        auto e = env();
        connection.stream_ready(e);
    }
    void flush() {
        auto e = env();
        connection.flush(e);
    }
    /// Lets the timer run out.
    void wait() {
        REQUIRE(connection.deadline() > 0);
        now = connection.deadline();
        auto e = env();
        connection.timer_fired(e);
    }

    /// The next segment that went to the container.
    Sent expect(int flags, std::uint32_t sequence, std::uint32_t acknowledgment, const std::string& payload = {}) {
        REQUIRE_FALSE(sink.sent.empty());
        Sent s = sink.sent.front();
        sink.sent.pop_front();
        CHECK(flags_of(s.flags & static_cast<std::uint8_t>(~flag::psh)) == flags_of(static_cast<std::uint8_t>(flags)));
        CHECK(s.sequence - ours == sequence);
        if ((flags & A) != 0) CHECK(s.acknowledgment - theirs == acknowledgment);
        CHECK(s.payload == payload);
        return s;
    }
    /// A reset is exact in one field only.
    Sent expect_reset() {
        REQUIRE_FALSE(sink.sent.empty());
        Sent s = sink.sent.front();
        sink.sent.pop_front();
        CHECK((s.flags & R) != 0);
        return s;
    }
    void nothing() { CHECK(sink.sent.empty()); }
};

} // namespace

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
    t.stream.room = 200 << 10;
    t.ready();
    CHECK(t.expect(A, 1, next).window == (300 << 10) >> tcp::our_scale);
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

TEST_CASE("the container closes first: FIN, our data still flows, our FIN, its acknowledgment") {
    Table t;
    t.establish();
    t.in(F | A, 1, 1, "bye");
    CHECK(t.stream.written == "bye");
    CHECK(t.stream.finished == 1);
    t.flush();
    t.expect(A, 1, 5);
    t.host("still here");
    t.expect(A, 1, 5, "still here");
    t.in(A, 5, 11);
    t.host("", true);
    t.expect(F | A, 11, 5);
    t.in(A, 5, 12);
    CHECK(t.connection.ended() == tcp::Ended::done);
}

TEST_CASE("the host closes first: FIN behind the data, the container's data still flows, TIME-WAIT answers its FIN again") {
    Table t;
    t.establish();
    t.host("done", true);
    t.expect(A, 1, 1, "done"); // read until EOF is seen by the next read, so the FIN comes by itself or with the data
    t.expect(F | A, 5, 1);
    t.in(A, 1, 6);
    t.in(A, 1, 6, "thanks");
    CHECK(t.stream.written == "thanks");
    t.in(F | A, 7, 6);
    CHECK(t.stream.finished == 1);
    CHECK_FALSE(t.connection.needs_stream());
    CHECK(t.connection.ended() == tcp::Ended::no);
    t.flush();
    t.sink.sent.clear();
    t.in(F | A, 7, 6);
    t.expect(A, 6, 8);
    t.wait();
    CHECK(t.connection.ended() == tcp::Ended::done);
}

TEST_CASE("both close at once (CLOSING)") {
    Table t;
    t.establish();
    t.host("", true);
    t.expect(F | A, 1, 1);
    t.in(F | A, 1, 1); // has not seen ours
    t.flush();
    t.expect(A, 2, 2);
    CHECK(t.connection.needs_stream());
    t.in(A, 2, 2);
    CHECK_FALSE(t.connection.needs_stream());
}

TEST_CASE("a FIN waits for the bytes before it") {
    Table t;
    t.establish();
    t.in(F | A, 4, 1, "def");
    t.expect(A, 1, 1);
    CHECK(t.stream.finished == 0);
    t.in(A, 1, 1, "abc");
    t.in(F | A, 4, 1, "def");
    CHECK(t.stream.written == "abcdef");
    CHECK(t.stream.finished == 1);
}

TEST_CASE("the stream ends only when the staged bytes are written") {
    Table t;
    t.establish();
    t.stream.room = 1;
    t.in(F | A, 1, 1, "abc");
    CHECK(t.stream.finished == 0);
    t.stream.room = SIZE_MAX;
    t.ready();
    CHECK(t.stream.written == "abc");
    CHECK(t.stream.finished == 1);
}

TEST_CASE("a lost FIN is sent again") {
    Table t;
    t.establish();
    t.host("", true);
    t.expect(F | A, 1, 1);
    t.wait();
    t.expect(F | A, 1, 1);
    t.in(F | A, 1, 2);
    CHECK_FALSE(t.connection.needs_stream());
}

TEST_CASE("an exact reset ends, one elsewhere in the window is challenged, one outside is ignored (RFC 5961)") {
    Table t;
    t.establish();
    t.in(R, 5000000, 0);
    t.nothing();
    t.in(R, 100, 0);
    t.expect(A, 1, 1);
    CHECK(t.connection.ended() == tcp::Ended::no);
    t.in(R, 1, 0);
    t.nothing();
    CHECK(t.connection.ended() == tcp::Ended::reset);
}

TEST_CASE("a SYN within a connection is challenged") {
    Table t;
    t.establish();
    t.in(S, 10, 0);
    t.expect(A, 1, 1);
    CHECK(t.connection.is_open());
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

TEST_CASE("a keepalive probe is answered") {
    Table t;
    t.establish();
    t.in(A, 0, 1);
    t.expect(A, 1, 1);
    t.in(A, 0, 1, "x");
    t.expect(A, 1, 1);
    CHECK(t.stream.written.empty());
}

TEST_CASE("data beyond the window is not taken") {
    Table t;
    t.establish();
    t.in(A, 1 + (1 << 20), 1, "x");
    t.expect(A, 1, 1);
    CHECK(t.stream.written.empty());
}

TEST_CASE("a broken stream resets the container's side") {
    Table t;
    t.establish();
    t.stream.broken = true;
    SUBCASE("found by reading") { t.ready(); }
    SUBCASE("found by writing") { t.in(A, 1, 1, "x"); }
    CHECK(t.expect_reset().sequence == ours + 1);
    CHECK(t.connection.ended() == tcp::Ended::reset);
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
