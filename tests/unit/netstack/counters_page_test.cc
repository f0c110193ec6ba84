// Counters on a page that another process reads while they move.
#include "netstack/counters_page.h"

#include "base/unique_fd.h"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace netstack;

namespace {

UniqueFd make_file(std::size_t size = sizeof(CounterSlot)) {
    UniqueFd fd(::memfd_create("counters", MFD_CLOEXEC));
    REQUIRE(fd);
    REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
    return fd;
}

Counters some(std::uint64_t number) {
    Counters counters;
    counters.link.to_container = {number, number};
    counters.tcp.flows.open = counters.tcp.flows.total = number;
    counters.names.dropped = number; // the last one
    return counters;
}

} // namespace

TEST_SUITE("netstack/counters_page") {

TEST_CASE("what was shown last is read, with its tier") {
    const UniqueFd file = make_file();
    PublishedCounters read;
    CHECK(read_counters(file.get(), read) == CountersRead::nothing_yet);
    CountersPage page;
    page.publish(some(1)); // not open: nothing happens
    Counters counters;
    REQUIRE(page.open(file.get(), Tier::forward, counters) == 0);
    REQUIRE(read_counters(file.get(), read) == CountersRead::done);
    CHECK(read.tier == Tier::forward);
    CHECK(read.counters.link.to_container.bytes == 0);
    page.publish(some(7));
    page.publish(some(8));
    REQUIRE(read_counters(file.get(), read) == CountersRead::done);
    CHECK(read.counters.link.to_container.packets == 8);
    CHECK(read.counters.names.dropped == 8);
}

TEST_CASE("who follows goes on from the numbers, but for what was open") {
    const UniqueFd file = make_file();
    Counters counters;
    {
        CountersPage page;
        REQUIRE(page.open(file.get(), Tier::tap, counters) == 0);
        page.publish(some(5));
    }
    CountersPage next;
    REQUIRE(next.open(file.get(), Tier::tap, counters) == 0);
    CHECK(counters.tcp.flows.total == 5);
    CHECK(counters.tcp.flows.open == 0);
    CHECK(counters.names.dropped == 5);
    PublishedCounters read;
    REQUIRE(read_counters(file.get(), read) == CountersRead::done);
    CHECK(read.counters.tcp.flows.open == 0);
}

TEST_CASE("a writer that was killed while he wrote is told from one that writes, and can be followed") {
    const UniqueFd file = make_file();
    Counters counters;
    {
        CountersPage page;
        REQUIRE(page.open(file.get(), Tier::tap, counters) == 0);
        page.publish(some(3));
    }
    const std::uint64_t odd = 77;
    REQUIRE(::pwrite(file.get(), &odd, sizeof odd, offsetof(CounterSlot, sequence)) == sizeof odd);
    PublishedCounters read;
    CHECK(read_counters(file.get(), read) == CountersRead::not_ours);
    CountersPage next;
    REQUIRE(next.open(file.get(), Tier::tap, counters) == 0);
    REQUIRE(read_counters(file.get(), read) == CountersRead::done);
    CHECK(read.counters.tcp.flows.total == 3);
}

TEST_CASE("other files are not taken for counters") {
    PublishedCounters read;
    CHECK(read_counters(make_file(0).get(), read) == CountersRead::not_ours);
    CHECK(read_counters(make_file(sizeof(CounterSlot) - 1).get(), read) == CountersRead::not_ours);
    const UniqueFd file = make_file();
    const std::uint32_t other = counter_layout + 8; // as another version would have it
    REQUIRE(::pwrite(file.get(), &other, sizeof other, 0) == sizeof other);
    CHECK(read_counters(file.get(), read) == CountersRead::not_ours);
}

TEST_CASE("numbers that are read while they move belong together") {
    const UniqueFd file = make_file();
    CountersPage page;
    Counters counters;
    REQUIRE(page.open(file.get(), Tier::tap, counters) == 0);
    std::atomic<bool> over = false;
    std::thread writer([&] {
        for (std::uint64_t i = 1; !over; ++i) {
            page.publish(some(i));
            for (int pause = 0; pause < 200; ++pause) std::atomic_signal_fence(std::memory_order_seq_cst);
        }
    });
    std::uint64_t last = 0, moved = 0;
    bool torn = false, back = false;
    for (int i = 0; i < 20'000 || (moved == 0 && i < 5'000'000); ++i) {
        PublishedCounters read;
        if (read_counters(file.get(), read) != CountersRead::done) continue;
        const Counters& c = read.counters;
        torn = torn || c.link.to_container.packets != c.names.dropped || c.tcp.flows.total != c.names.dropped;
        back = back || c.names.dropped < last;
        moved += c.names.dropped != last ? 1 : 0;
        last = c.names.dropped;
    }
    over = true;
    writer.join();
    CHECK_FALSE(torn);
    CHECK_FALSE(back);
    CHECK(moved > 0);
}
}
