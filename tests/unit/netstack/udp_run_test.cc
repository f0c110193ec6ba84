#include "netstack/udp_run.h"

#include "netstack/wire/ethernet.h"
#include "netstack/wire/ip.h"
#include "netstack/wire/udp.h"
#include "netstack/wire/vnet.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace netstack;

namespace {

/// What was written: "bytes/segment size", 0 where it is one datagram.
class Frames final : public Link {
public:
    ssize_t read(wire::MutableBytes) noexcept override { return 0; }
    bool write(std::span<const iovec> pieces) noexcept override {
        std::vector<std::byte> frame;
        for (const iovec& piece : pieces) frame.insert(frame.end(), static_cast<const std::byte*>(piece.iov_base), static_cast<const std::byte*>(piece.iov_base) + piece.iov_len);
        const auto vnet = wire::parse_vnet(frame);
        const auto packet = wire::IpView::parse(wire::EthernetView::parse(wire::Bytes(frame).subspan(wire::vnet_length))->payload());
        const auto datagram = wire::UdpView::parse(packet->payload());
        text += std::to_string(datagram->payload().size()) + "/" + std::to_string(vnet->segmentation == wire::Segmentation::udp ? vnet->segment_size : 0) + " ";
        for (const std::byte byte : datagram->payload()) bytes.push_back(byte);
        return true;
    }
    std::string text;
    std::vector<std::byte> bytes;
};

struct World {
    Frames link;
    Counters counters;
    FrameWriter writer{link, {}, {.udp_segmentation = true}, counters};
    UdpRun run{writer};
    Ends ends{wire::Address::v4(1), wire::Address::v4(2), 53, 1000};
    std::vector<std::byte> sent;

    void receive(std::size_t size, std::size_t segment_size = 0) {
        const wire::MutableBytes room = run.room();
        REQUIRE(room.size() >= 65'535);
        for (std::size_t i = 0; i < size; ++i) sent.push_back(room[i] = static_cast<std::byte>(sent.size() * 7));
        run.add(ends, size, segment_size);
    }
    std::string end() {
        run.flush();
        CHECK(link.bytes == sent);
        return link.text;
    }
};

} // namespace

TEST_SUITE("netstack/udp_run") {

TEST_CASE("datagrams of one size go together, a shorter one at the end") {
    const auto world = std::make_unique<World>();
    for (const std::size_t size : {100U, 100U, 100U, 50U, 50U, 100U}) world->receive(size);
    CHECK(world->end() == "350/100 50/0 100/0 ");
}

TEST_CASE("a larger one, an empty one, one that came joined, and those of others are apart") {
    const auto world = std::make_unique<World>();
    for (const std::size_t size : {100U, 200U, 0U, 200U, 200U}) world->receive(size);
    world->receive(300, 100);
    world->receive(100);
    world->ends.destination_port = 1001;
    for (int i = 0; i < 2; ++i) world->receive(100);
    CHECK(world->end() == "100/0 200/0 0/0 400/200 300/100 100/0 200/100 ");
}

TEST_CASE("no more go together than a frame holds, or a kernel takes") {
    const auto world = std::make_unique<World>();
    for (int i = 0; i < 65; ++i) world->receive(10);
    for (int i = 0; i < 3; ++i) world->receive(30'000);
    CHECK(world->end() == "640/10 10/0 60000/30000 30000/0 ");
}

TEST_CASE("the room comes round again, and nothing is lost on the way") {
    const auto world = std::make_unique<World>();
    for (int i = 0; i < 20; ++i) world->receive(static_cast<std::size_t>(20'000 + i));
    world->end();
    CHECK(world->counters.udp.to_container.packets > 0);
}

} // TEST_SUITE
