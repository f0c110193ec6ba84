// Ends: FIN, RST, what is not believed, what has broken. Tables of segments: tcp_table.h.
#include "tests/unit/netstack/tcp_table.h"

#include "netstack/tcp/limits.h"

using namespace tcp_world;

TEST_SUITE("netstack/tcp/connection") {

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
    t.expect(F | A, 1, 1, "done"); // one segment: the end was there when the data was read
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

TEST_CASE("a keepalive probe is answered") {
    Table t;
    t.establish();
    t.in(A, 0, 1);
    t.expect(A, 1, 1);
    t.in(A, 0, 1, "x");
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

} // TEST_SUITE
