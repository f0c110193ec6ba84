// Frames that are copied into a pipe as a pcap file while they cross a link.
#include "netstack/capture.h"

#include "base/sys.h"
#include "netstack/wire/vnet.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

using namespace netstack;

namespace {

/// A link that hands out what it was given, and takes or refuses.
class FakeLink final : public Link {
public:
    ssize_t read(wire::MutableBytes into) noexcept override {
        if (frames.empty()) return 0;
        const std::string frame = frames.front();
        frames.pop_front();
        std::memcpy(into.data(), frame.data(), frame.size());
        return static_cast<ssize_t>(frame.size());
    }
    bool write(std::span<const iovec>) noexcept override { return takes; }

    std::deque<std::string> frames;
    bool takes = true;
};

std::string framed(const std::string& text) { return std::string(wire::vnet_length, 'v') + text; }

struct Record {
    std::uint32_t seconds, microseconds, captured, length;
    std::string bytes;
};

class World {
public:
    World() {
        Pipe made = sys::pipe();
        REQUIRE(::fcntl(made.write.get(), F_SETFL, O_NONBLOCK) == 0);
        REQUIRE(::fcntl(made.read.get(), F_SETFL, O_NONBLOCK) == 0);
        reader = std::move(made.read);
        writer = std::move(made.write);
    }
    void read_frame(const std::string& text) {
        inner.frames.push_back(framed(text));
        std::vector<std::byte> buffer(1 << 17);
        REQUIRE(link.read(buffer) == static_cast<ssize_t>(text.size() + wire::vnet_length));
    }
    bool write_frame(const std::vector<std::string>& pieces) {
        std::vector<iovec> list;
        for (const std::string& piece : pieces) list.push_back({const_cast<char*>(piece.data()), piece.size()});
        return link.write(list);
    }
    void drain() {
        char buffer[4096];
        for (ssize_t n; (n = ::read(reader.get(), buffer, sizeof buffer)) > 0;) bytes.append(buffer, static_cast<std::size_t>(n));
    }
    /// What came out of the pipe until now; the last may be half a record where `whole` is false.
    std::vector<Record> records(bool whole = true) {
        drain();
        std::vector<Record> list;
        REQUIRE(bytes.size() >= pcap_header);
        std::size_t at = pcap_header;
        while (bytes.size() - at >= pcap_record_header) {
            Record record;
            std::memcpy(&record.seconds, bytes.data() + at, pcap_record_header);
            if (bytes.size() - at - pcap_record_header < record.captured) break;
            record.bytes = bytes.substr(at + pcap_record_header, record.captured);
            at += pcap_record_header + record.captured;
            list.push_back(std::move(record));
        }
        if (whole) CHECK(at == bytes.size());
        return list;
    }
    std::uint32_t header(std::size_t at) const {
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    }

    FakeLink inner;
    std::uint64_t lost = 0;
    CapturedLink link{inner, lost};
    UniqueFd reader, writer;
    std::string bytes;
};

} // namespace

TEST_SUITE("netstack/capture") {

TEST_CASE("frames of both directions are recorded without their vnet header, after the file's header") {
    World w;
    w.read_frame("before");
    REQUIRE(w.link.start(std::move(w.writer), 1000) == 0);
    w.read_frame("from the container");
    CHECK(w.write_frame({framed("to "), "the ", "container"}));
    w.inner.takes = false;
    CHECK_FALSE(w.write_frame({framed("never sent")}));
    const auto records = w.records();
    CHECK(w.header(0) == 0xa1b2c3d4);
    CHECK(w.header(16) == 1000);
    CHECK(w.header(20) == 1); // Ethernet
    REQUIRE(records.size() == 2);
    CHECK(records[0].bytes == "from the container");
    CHECK(records[1].bytes == "to the container");
    CHECK(records[1].length == records[1].captured);
    CHECK(records[0].seconds > 1'700'000'000);
    CHECK(records[0].microseconds < 1'000'000);
    CHECK(w.lost == 0);
}

TEST_CASE("a frame is cut to what is wanted, over the borders of its pieces") {
    World w;
    REQUIRE(w.link.start(std::move(w.writer), 5) == 0);
    CHECK(w.write_frame({std::string(4, 'v'), std::string(6, 'v') + "abc", "defg", "hij"}));
    const auto records = w.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].bytes == "abcde");
    CHECK(records[0].captured == 5);
    CHECK(records[0].length == 10);
}

TEST_CASE("a slow reader loses whole frames, which are counted, and none of the data path's time") {
    World w;
    REQUIRE(w.link.start(std::move(w.writer), most_snap_length) == 0);
    const std::string large(60'000, 'x');
    for (int i = 0; i < 10; ++i) CHECK(w.write_frame({framed(large + std::to_string(i))}));
    CHECK(w.lost > 0);
    const std::uint64_t lost = w.lost;
    std::size_t recorded = w.records(false).size();
    CHECK(recorded >= 1);
    CHECK(w.write_frame({framed("small")})); // brings out the rest of a half one
    const auto records = w.records();
    CHECK(records.back().bytes == "small");
    CHECK(records.size() + lost == 11);
    CHECK(w.lost == lost);
    for (std::size_t i = 0; i + 1 < records.size(); ++i) CHECK(records[i].bytes == large + std::to_string(i));
}

TEST_CASE("a reader that is gone ends it, and another capture can begin; two at once cannot") {
    World w, other;
    REQUIRE(w.link.start(std::move(w.writer), 100) == 0);
    CHECK(w.link.start(std::move(other.writer), 100) == EBUSY);
    w.reader.reset();
    ::signal(SIGPIPE, SIG_IGN);
    CHECK(w.write_frame({framed("to nobody")}));
    CHECK_FALSE(w.link.is_on());
    CHECK(w.write_frame({framed("to nobody either")}));
    CHECK(w.lost == 0);
    World third;
    REQUIRE(w.link.start(std::move(third.writer), 100) == 0);
    CHECK(w.write_frame({framed("again")}));
    CHECK(third.records().size() == 1);
}
}
