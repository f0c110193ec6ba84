// The connections of a process that has died, for the one that follows it.
#include "netstack/flow_journal.h"

#include "base/unique_fd.h"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

using namespace netstack;

namespace {

UniqueFd make_file(std::size_t size = FlowJournal::file_size()) {
    UniqueFd fd(::memfd_create("journal", MFD_CLOEXEC));
    REQUIRE(fd);
    REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
    return fd;
}

FlowKey flow(std::uint16_t port) { return {wire::Address::v4(0x0a580002), wire::Address::v4(0xc0000201), port, 80}; }

std::set<std::uint16_t> take_all(FlowJournal& journal) {
    std::set<std::uint16_t> ports;
    while (const auto key = journal.take_former()) CHECK(ports.insert(key->container_port).second);
    return ports;
}

} // namespace

TEST_SUITE("netstack/flow_journal") {

TEST_CASE("what was open is there for who follows, and what was closed is not") {
    const UniqueFd file = make_file();
    {
        FlowJournal first;
        REQUIRE(first.open(file.get()) == 0);
        CHECK_FALSE(first.has_former());
        for (std::uint16_t i = 0; i < 10; ++i) first.put(i, flow(i));
        first.erase(3);
        first.put(4, flow(44)); // another one in its place
    }
    FlowJournal second;
    REQUIRE(second.open(file.get()) == 0);
    CHECK(second.has_former());
    second.put(0, flow(1000)); // does not push out what is to be reset still
    CHECK(take_all(second) == std::set<std::uint16_t>{0, 1, 2, 44, 5, 6, 7, 8, 9});
    CHECK_FALSE(second.has_former());
}

TEST_CASE("one that dies before it has reset all leaves the rest, and its own") {
    const UniqueFd file = make_file();
    {
        FlowJournal first;
        REQUIRE(first.open(file.get()) == 0);
        for (std::uint16_t i = 0; i < 3; ++i) first.put(i, flow(i));
    }
    {
        FlowJournal second;
        REQUIRE(second.open(file.get()) == 0);
        CHECK(second.take_former()->container_port == 2);
        second.put(0, flow(7));
    }
    FlowJournal third;
    REQUIRE(third.open(file.get()) == 0);
    CHECK(take_all(third) == std::set<std::uint16_t>{0, 1, 7});
}

TEST_CASE("a full table fits, and takes memory as far as it is used") {
    const UniqueFd file = make_file();
    struct stat before {};
    {
        FlowJournal first;
        REQUIRE(first.open(file.get()) == 0);
        REQUIRE(::fstat(file.get(), &before) == 0);
        CHECK(before.st_blocks * 512 <= 2 * ::sysconf(_SC_PAGESIZE));
        for (std::uint32_t i = 0; i < FlowJournal::most_flows; ++i) first.put(i, flow(static_cast<std::uint16_t>(i)));
    }
    FlowJournal second;
    REQUIRE(second.open(file.get()) == 0);
    CHECK(take_all(second).size() == FlowJournal::most_flows);
}

TEST_CASE("numbers that cannot be are bounded") {
    const UniqueFd file = make_file();
    const std::uint32_t wild[] = {UINT32_MAX, UINT32_MAX};
    REQUIRE(::pwrite(file.get(), wild, sizeof wild, 0) == sizeof wild);
    FlowJournal journal;
    REQUIRE(journal.open(file.get()) == 0);
    std::uint32_t count = 0;
    while (journal.take_former()) ++count;
    CHECK(count == FlowJournal::most_flows);
}

TEST_CASE("a file that is too short is refused, and what is not open keeps nothing") {
    FlowJournal journal;
    CHECK(journal.open(make_file(100).get()) == EINVAL);
    journal.put(1, flow(1));
    journal.erase(1);
    CHECK_FALSE(journal.has_former());
    CHECK_FALSE(journal.take_former());
}
}
