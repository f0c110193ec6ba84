// How much waits here for a stream that is slow, and that a fast one keeps the whole of the ring.
#include "netstack/tcp/limits.h"
#include "tests/unit/netstack/tcp_table.h"

using namespace tcp_world;

namespace {

/// A container that sends as fast as the window allows, and a stream that takes `rate` bytes each ten milliseconds.
struct Transfer : Table {
    Transfer() {
        wire::TcpOptions options;
        options.window_scale = 8;
        syn(options);
        host_connects();
        edge = 1 + expect(S | A, 0, 1).window; // not scaled in a SYN
        in(A, 1, 1);
        stream.room = 0;
    }
    void ten_milliseconds(std::size_t rate) {
        now += 10;
        stream.room = rate;
        ready();
        drain();
        while (edge - sent >= mss) {
            in(A, sent, 1, std::string(mss, 'x'));
            sent += mss;
            flush();
            drain();
        }
    }
    void drain() {
        for (; !sink.sent.empty(); sink.sent.pop_front())
            edge = sink.sent.front().acknowledgment - theirs + (std::uint32_t{sink.sent.front().window} << tcp::our_scale);
    }
    std::uint32_t waiting() const { return sent - 1 - static_cast<std::uint32_t>(stream.written.size()); }
    /// The most that waits in a second, after one to find the measure.
    std::uint32_t backlog(std::size_t rate) {
        for (int i = 0; i < 200; ++i) ten_milliseconds(rate);
        std::uint32_t most = 0;
        for (int i = 0; i < 100; ++i) {
            ten_milliseconds(rate);
            most = std::max(most, waiting());
        }
        return most;
    }
    std::uint32_t edge = 0, sent = 1;
};

} // namespace

TEST_SUITE("netstack/tcp/backlog") {

TEST_CASE("what waits for a slow stream is a tenth of a second's, not half a megabyte") {
    CHECK(Transfer().backlog(1000) <= (64 << 10));    // 100 kB/s
    CHECK(Transfer().backlog(10'000) <= 120'000);     // 1 MB/s
    CHECK(Transfer().backlog(10'000) >= 64 << 10);
    CHECK(Transfer().backlog(200'000) >= 400 << 10);  // 20 MB/s
}

TEST_CASE("a slow stream is never idle, and one that becomes fast is limited no more") {
    Transfer transfer;
    for (int i = 0; i < 300; ++i) {
        transfer.ten_milliseconds(20'000);
        if (i > 0) CHECK(transfer.stream.room == 0); // all that it would take was there
    }
    CHECK(transfer.backlog(200'000) >= 400 << 10);
}

TEST_CASE("bytes that the window has promised are taken though the stream turns out slow") {
    Transfer transfer;
    transfer.ten_milliseconds(0);
    const std::uint32_t promised = transfer.edge;
    for (int i = 0; i < 100; ++i) {
        transfer.ten_milliseconds(100);
        CHECK(transfer.edge >= promised);
    }
    CHECK(transfer.counters.out_of_order == 0);
}

TEST_CASE("a pause is no measure") {
    tcp::Backlog backlog;
    backlog.taken(1000, false, 1000);
    CHECK(backlog.limit() == UINT32_MAX);
    backlog.taken(1000, true, 60'000);
    CHECK(backlog.limit() == tcp::Backlog::unmeasured);
    backlog.taken(1 << 20, false, 60'100);
    CHECK(backlog.limit() == UINT32_MAX);
    backlog.taken(0, true, 200'000);
    CHECK(backlog.limit() == UINT32_MAX);
    backlog.taken(10'000, true, 201'000);
    CHECK(backlog.limit() == tcp::Backlog::smallest);
}

} // TEST_SUITE
