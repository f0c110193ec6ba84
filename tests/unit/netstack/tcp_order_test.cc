// Segments behind a gap: kept at their place until it is closed.
#include "netstack/tcp/held_ranges.h"
#include "tests/unit/netstack/tcp_table.h"

#include <random>
#include <set>

using namespace tcp_world;

namespace {

std::string letters(std::size_t from, std::size_t count) {
    std::string text;
    for (std::size_t i = from; i < from + count; ++i) text += static_cast<char>('a' + i % 26);
    return text;
}

} // namespace

TEST_SUITE("netstack/tcp/order") {

TEST_CASE("ranges come together, and stay apart where a byte is missing") {
    tcp::HeldRanges ranges;
    CHECK(ranges.empty());
    CHECK(ranges.add(10, 20));
    CHECK(ranges.add(30, 40));
    CHECK(ranges.add(21, 29)); // touches neither
    CHECK(ranges.take_from(5) == 5);
    CHECK(ranges.take_from(10) == 20);
    CHECK(ranges.take_from(20) == 20);
    CHECK(ranges.add(20, 21));
    CHECK(ranges.take_from(20) == 29);
    CHECK(ranges.add(25, 35));
    CHECK(ranges.take_from(29) == 40);
    CHECK(ranges.empty());
}

TEST_CASE("ranges around the end of the numbers are in order, too") {
    tcp::HeldRanges ranges;
    CHECK(ranges.add(5, 10));
    CHECK(ranges.add(UINT32_MAX - 10, 2));
    CHECK(ranges.take_from(UINT32_MAX - 10) == 2);
    CHECK(ranges.add(1, 6));
    CHECK(ranges.take_from(2) == 10);
}

TEST_CASE("one range too many is refused and changes nothing") {
    tcp::HeldRanges ranges;
    for (std::uint32_t i = 0; i < tcp::HeldRanges::most; ++i) CHECK(ranges.add(10 * i + 1, 10 * i + 2));
    CHECK_FALSE(ranges.add(5, 6));
    CHECK(ranges.add(11, 12)); // one that is there
    CHECK(ranges.take_from(1) == 2);
    CHECK(ranges.add(5, 6));
}

TEST_CASE("random ranges are what a set of numbers says") {
    std::minstd_rand random(11);
    for (int round = 0; round < 300; ++round) {
        tcp::HeldRanges ranges;
        std::set<std::uint32_t> model;
        std::uint32_t next = 0;
        for (int step = 0; step < 60; ++step) {
            const std::uint32_t begin = next + static_cast<std::uint32_t>(random() % 200), end = begin + 1 + static_cast<std::uint32_t>(random() % 30);
            if (ranges.add(begin, end))
                for (std::uint32_t i = begin; i < end; ++i) model.insert(i);
            if (random() % 3 != 0) continue;
            next += static_cast<std::uint32_t>(random() % 40);
            std::uint32_t expected = next;
            while (model.contains(expected)) ++expected;
            CHECK(ranges.take_from(next) == expected);
            next = expected;
            model.erase(model.begin(), model.lower_bound(next));
        }
    }
}

TEST_CASE("what came before its turn follows when the gap is closed, and is acknowledged at once") {
    Table t;
    t.establish();
    t.in(A, 4, 1, "def");
    t.expect(A, 1, 1);
    t.in(A, 10, 1, "jkl");
    t.expect(A, 1, 1);
    CHECK(t.stream.written.empty());
    t.in(A, 1, 1, "abc");
    CHECK(t.stream.written == "abcdef");
    t.expect(A, 1, 7);
    t.in(A, 7, 1, "ghi");
    CHECK(t.stream.written == "abcdefghijkl");
    t.expect(A, 1, 13);
    CHECK(t.up.out() == 0); // the block is back
    t.in(A, 13, 1, "m"); // and all is as before
    CHECK(t.stream.written == "abcdefghijklm");
}

TEST_CASE("pieces that overlap are taken once") {
    Table t;
    t.establish();
    t.in(A, 3, 1, "cdef");
    t.in(A, 5, 1, "efgh");
    t.in(A, 3, 1, "cdef");
    t.in(A, 1, 1, "abcdefg");
    CHECK(t.stream.written == "abcdefgh");
    CHECK(t.up.out() == 0);
}

TEST_CASE("an end that comes before its turn waits for it") {
    Table t;
    t.establish();
    t.in(A | F, 4, 1, "def");
    t.in(A | F, 7, 1); // the same, alone
    CHECK(t.stream.finished == 0);
    t.sink.sent.clear();
    t.in(A, 1, 1, "abc");
    CHECK(t.stream.written == "abcdef");
    CHECK(t.stream.finished == 1);
    t.expect(A, 1, 8);
    CHECK(t.up.out() == 0);
    t.host("", true);
    t.expect(F | A, 1, 8);
    t.in(A, 8, 2);
    CHECK(t.connection.ended() == tcp::Ended::done);
}

TEST_CASE("an end alone is kept as well") {
    Table t;
    t.establish();
    t.in(A | F, 4, 1);
    t.in(A, 1, 1, "abc");
    CHECK(t.stream.finished == 1);
    CHECK(t.up.out() == 0);
}

TEST_CASE("an end with data behind it counts for nothing") {
    Table t;
    t.establish();
    t.in(A | F, 3, 1, "c");
    t.in(A, 3, 1, "cdef");
    t.in(A, 1, 1, "ab");
    CHECK(t.stream.written == "abcdef");
    CHECK(t.stream.finished == 0);
    t.in(A | F, 7, 1);
    CHECK(t.stream.finished == 1);
    CHECK(t.up.out() == 0);
}

TEST_CASE("a real end drops what was sent for behind it") {
    Table t;
    t.establish();
    t.in(A, 10, 1, "beyond");
    t.in(A | F, 1, 1, "abc");
    CHECK(t.stream.written == "abc");
    CHECK(t.stream.finished == 1);
    CHECK(t.up.out() == 0);
}

TEST_CASE("behind a stream that takes little, held bytes keep their place") {
    Table t;
    t.establish();
    t.stream.room = 2;
    t.in(A, 1, 1, letters(0, 10)); // eight are staged
    t.in(A, 16, 1, letters(15, 5));
    t.stream.room = 5;
    t.ready();
    CHECK(t.stream.written == letters(0, 7));
    t.stream.room = SIZE_MAX;
    t.ready();
    CHECK(t.stream.written == letters(0, 10));
    CHECK(t.up.out() == 1); // the ring is empty, and what is held stays
    t.stream.room = 3;
    t.in(A, 11, 1, letters(10, 5));
    t.stream.room = SIZE_MAX;
    t.ready();
    CHECK(t.stream.written == letters(0, 20));
    CHECK(t.up.out() == 0);
}

TEST_CASE("what is beyond the window is cut off, and not acknowledged") {
    Table t;
    t.establish();
    t.stream.room = 0;
    const std::string many = letters(0, 60'000);
    std::size_t sent = 0;
    for (; sent + 1000 <= 60'000; sent += 1000) t.in(A, 1 + static_cast<std::uint32_t>(sent), 1, many.substr(sent, 1000)); // not scaled: 64 KiB
    t.sink.sent.clear();
    t.in(A, 1 + 60'000 + 1000, 1, std::string(10'000, 'x'));
    t.in(A, 1 + 60'000, 1, std::string(1000, 'w'));
    t.stream.room = SIZE_MAX;
    t.ready();
    CHECK(t.stream.written.size() >= 61'000);
    CHECK(t.stream.written.size() <= 65'535);
    CHECK(t.stream.written.substr(0, 60'000) == many);
    CHECK(t.stream.written.substr(61'000).find_first_not_of('x') == std::string::npos);
}

TEST_CASE("a reset gives back what is held") {
    Table t;
    t.establish();
    t.in(A, 10, 1, "later");
    CHECK(t.up.out() == 1);
    t.in(R, 1, 0);
    CHECK(t.connection.ended() == tcp::Ended::reset);
    CHECK(t.up.out() == 0);
}

TEST_CASE("without a block it comes again") {
    Table t;
    t.establish();
    while (t.up.take() != tcp::BlockPool::none) {}
    t.in(A, 4, 1, "def");
    t.in(A, 1, 1, "abc");
    CHECK(t.stream.written == "abc");
    t.in(A, 4, 1, "def");
    CHECK(t.stream.written == "abcdef");
}

TEST_CASE("an acknowledgment has a number that is taken, although a timeout has gone back") {
    Table t;
    t.establish(10'000);
    t.host(letters(0, 5000));
    while (!t.sink.sent.empty()) t.sink.sent.pop_front();
    t.wait(); // one segment again, and the next to send is behind it
    t.sink.sent.clear();
    t.in(A, 1, 1, "data", 10'000);
    t.flush();
    CHECK(t.sink.sent.back().sequence - ours == 5001);
    // But not beyond the container's window, where a probe may be.
    Table closed;
    closed.establish(1000);
    closed.in(A, 1, 1, {}, 0);
    closed.host("abc");
    closed.wait();
    closed.expect(A, 1, 1, "a");
    closed.in(A, 1, 1, "data", 0);
    closed.flush();
    closed.expect(A, 1, 5);
}
}
