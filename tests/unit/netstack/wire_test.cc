#include "netstack/wire/checksum.h"
#include "netstack/wire/ethernet.h"
#include "netstack/wire/icmp.h"
#include "netstack/wire/ip.h"
#include "netstack/wire/tcp.h"
#include "netstack/wire/udp.h"
#include "netstack/wire/vnet.h"

#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <random>
#include <vector>

using namespace netstack::wire;

namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> made;
    for (const int v : values) made.push_back(static_cast<std::byte>(v));
    return made;
}

Address v6(std::initializer_list<int> first_bytes, int last) {
    std::vector<std::byte> b = bytes(first_bytes);
    b.resize(16);
    b[15] = static_cast<std::byte>(last);
    return Address::from_v6(b);
}

const Address one = Address::v4(0x0a580001);
const Address two = Address::v4(0x0a580002);
const Address one6 = v6({0xfd, 0x88}, 1);
const Address two6 = v6({0xfd, 0x88}, 2);

/// A packet of `protocol` between two and one.
std::vector<std::byte> ip_packet(bool v4, std::uint8_t protocol, const std::vector<std::byte>& payload) {
    std::vector<std::byte> packet(ip_length(v4) + payload.size());
    build_ip(packet, {v4 ? two : two6, v4 ? one : one6, protocol, 64, payload.size()});
    store_bytes(packet, ip_length(v4), payload);
    return packet;
}

} // namespace

TEST_SUITE("netstack/wire") {

TEST_CASE("the checksum of RFC 1071's example, of odd and of no bytes") {
    Sum sum;
    sum.add(bytes({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}));
    CHECK(sum.folded() == 0xddf2);
    Sum odd;
    odd.add(bytes({0x01, 0x02, 0x03}));
    CHECK(odd.folded() == 0x0102 + 0x0300);
    CHECK(Sum{}.finish() == 0xffff);
}

TEST_CASE("the fast sum is the slow one, for every length and alignment") {
    std::minstd_rand random(1);
    std::vector<std::byte> data(300);
    for (std::byte& b : data) b = static_cast<std::byte>(random() >> 8);
    for (std::size_t start = 0; start < 9; ++start)
        for (std::size_t size = 0; size < 260; ++size) {
            const Bytes part = Bytes(data).subspan(start, size);
            std::uint32_t slow = 0;
            for (std::size_t i = 0; i < size; ++i) slow += std::to_integer<std::uint32_t>(part[i]) << (i % 2 == 0 ? 8 : 0);
            while ((slow >> 16) != 0) slow = (slow & 0xffff) + (slow >> 16);
            Sum sum;
            sum.add(part);
            REQUIRE(sum.folded() == slow);
        }
}

TEST_CASE("addresses know their family and kind") {
    CHECK(one.is_v4());
    CHECK(one.v4() == 0x0a580001);
    CHECK(one.wire().size() == 4);
    CHECK_FALSE(one6.is_v4());
    CHECK(one6.wire().size() == 16);
    CHECK(Address::v4(0x7f123456).is_loopback());
    CHECK(v6({}, 1).is_loopback());
    CHECK_FALSE(one6.is_loopback());
    CHECK(Address::v4(0).is_unspecified());
    CHECK(Address{}.is_unspecified());
    CHECK(Address::v4(0xe00000fb).is_multicast());
    CHECK(Address::v4(0xffffffff).is_multicast());
    CHECK(v6({0xff, 0x02}, 1).is_multicast());
    CHECK(v6({0xfe, 0x80}, 1).is_v6_link_local());
    CHECK_FALSE(one6.is_v6_link_local());
}

TEST_CASE("an IP header is read as it was built") {
    for (const bool v4 : {true, false}) {
        const auto packet = ip_packet(v4, protocol_udp, bytes({1, 2, 3}));
        const auto view = IpView::parse(packet);
        REQUIRE(view);
        CHECK(view->is_v4() == v4);
        CHECK(view->source() == (v4 ? two : two6));
        CHECK(view->destination() == (v4 ? one : one6));
        CHECK(view->protocol() == protocol_udp);
        CHECK(view->hop_limit() == 64);
        CHECK(view->fragment().is_whole());
        CHECK(view->payload().size() == 3);
    }
}

TEST_CASE("what Ethernet padded is no part of the packet") {
    auto packet = ip_packet(true, protocol_udp, bytes({1, 2, 3}));
    packet.resize(46);
    CHECK(IpView::parse(packet)->payload().size() == 3);
}

TEST_CASE("damaged IPv4 headers are nothing") {
    const auto good = ip_packet(true, protocol_udp, bytes({1, 2, 3}));
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(IpView::parse(Bytes(good).first(size)));
    for (std::size_t at = 0; at < ipv4_length; ++at) { // any bit: the header's checksum
        auto bad = good;
        bad[at] ^= std::byte{0x04};
        CHECK_FALSE(IpView::parse(bad));
    }
}

TEST_CASE("fragments of both families") {
    auto packet = ip_packet(true, protocol_udp, bytes({1, 2, 3, 4}));
    store16(packet, 4, 77);
    store16(packet, 6, 0x2000 | 185);
    store16(packet, 10, 0);
    Sum sum;
    sum.add(Bytes(packet).first(20));
    store16(packet, 10, sum.finish());
    const auto four = IpView::parse(packet);
    REQUIRE(four);
    CHECK(four->fragment().id == 77);
    CHECK(four->fragment().offset == 1480);
    CHECK(four->fragment().more);

    const auto six_packet = ip_packet(false, 44, bytes({17, 0, 0x05, 0xc9, 0, 0, 1, 2, 9, 9, 9, 9}));
    const auto six = IpView::parse(six_packet);
    REQUIRE(six);
    CHECK(six->fragment().id == 258);
    CHECK(six->fragment().offset == 1480);
    CHECK(six->fragment().more);
    CHECK(six->protocol() == protocol_udp);
    CHECK(six->payload().size() == 4);
}

TEST_CASE("IPv6 extension headers are passed over, but not without end, and routing headers not at all") {
    const auto options = bytes({17, 0, 1, 4, 0, 0, 0, 0, 42});
    const auto view_of = [](std::uint8_t protocol, const std::vector<std::byte>& payload) { return IpView::parse(ip_packet(false, protocol, payload)); };
    for (const int header : {0, 60}) {
        const auto packet = ip_packet(false, static_cast<std::uint8_t>(header), options);
        const auto view = IpView::parse(packet);
        REQUIRE(view);
        CHECK(view->protocol() == protocol_udp);
        CHECK(view->payload().size() == 1);
    }
    CHECK_FALSE(view_of(60, bytes({17, 9, 0, 0, 0, 0, 0, 0}))); // longer than the packet
    CHECK_FALSE(view_of(60, bytes({17})));
    std::vector<std::byte> chain;
    for (int i = 0; i < 100; ++i)
        for (const int b : {60, 0, 1, 4, 0, 0, 0, 0}) chain.push_back(static_cast<std::byte>(b));
    CHECK_FALSE(view_of(60, chain));
    CHECK(view_of(43, options)->protocol() == 43); // for nobody
}

TEST_CASE("a v4-mapped address is never in an IPv6 header") {
    auto packet = ip_packet(false, protocol_tcp, {});
    store_bytes(packet, 8, Address::v4(0x7f000001).all());
    CHECK_FALSE(IpView::parse(packet));
}

TEST_CASE("TCP headers and options are read as they were built") {
    std::array<std::byte, 64> buffer{};
    const std::size_t size = build_tcp(buffer, {80, 4321, 0x01020304, 0x05060708, tcp_flag::syn | tcp_flag::ack, 999}, {.mss = 1460, .window_scale = 7});
    CHECK(size == tcp_length + tcp_syn_options);
    const auto view = TcpView::parse(Bytes(buffer).first(size + 5));
    REQUIRE(view);
    CHECK(view->header().source_port == 80);
    CHECK(view->header().destination_port == 4321);
    CHECK(view->header().sequence == 0x01020304);
    CHECK(view->header().acknowledgment == 0x05060708);
    CHECK(view->header().has(tcp_flag::syn));
    CHECK_FALSE(view->header().has(tcp_flag::fin));
    CHECK(view->header().window == 999);
    CHECK(view->options().mss == 1460);
    CHECK(view->options().window_scale == 7);
    CHECK(view->payload().size() == 5);
    for (std::size_t cut = 0; cut < size; ++cut) CHECK_FALSE(TcpView::parse(Bytes(buffer).first(cut)));
}

TEST_CASE("malformed TCP options end the reading, and a scale above 14 is 14") {
    const auto options_of = [](std::initializer_list<int> options) {
        std::vector<std::byte> segment(20);
        for (const int o : options) segment.push_back(static_cast<std::byte>(o));
        while (segment.size() % 4 != 0) segment.push_back(std::byte{0});
        segment[12] = static_cast<std::byte>(segment.size() / 4 << 4);
        const auto view = TcpView::parse(segment);
        REQUIRE(view);
        return view->options();
    };
    CHECK(options_of({3, 3, 200}).window_scale == 14);
    CHECK(options_of({1, 1, 2, 4, 5, 0}).mss == 0x500);
    CHECK_FALSE(options_of({0, 2, 4, 5, 0}).mss);      // behind the end
    CHECK_FALSE(options_of({2, 3, 5, 2, 4, 5, 0}).window_scale);
    CHECK_FALSE(options_of({8, 0, 2, 4, 5, 0}).mss);   // no length at all
    CHECK_FALSE(options_of({8, 40, 2, 4, 5, 0}).mss);  // longer than the header
    CHECK_FALSE(options_of({2}).mss);
}

TEST_CASE("UDP lengths must fit") {
    std::vector<std::byte> datagram(12);
    build_udp(datagram, 53, 1000, 4);
    const auto view = UdpView::parse(datagram);
    REQUIRE(view);
    CHECK(view->source_port() == 53);
    CHECK(view->destination_port() == 1000);
    CHECK(view->payload().size() == 4);
    store16(datagram, 4, 13);
    CHECK_FALSE(UdpView::parse(datagram));
    store16(datagram, 4, 7);
    CHECK_FALSE(UdpView::parse(datagram));
    CHECK_FALSE(UdpView::parse(Bytes(datagram).first(7)));
}

TEST_CASE("ARP for IPv4 on Ethernet and nothing else") {
    std::vector<std::byte> packet(arp_length);
    build_arp(packet, {ArpView::request, {std::byte{2}}, two, {}, one});
    const auto view = ArpView::parse(packet);
    REQUIRE(view);
    CHECK(view->operation() == ArpView::request);
    CHECK(view->sender() == two);
    CHECK(view->target() == one);
    for (const std::size_t at : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{5}}) {
        auto bad = packet;
        bad[at] ^= std::byte{1};
        CHECK_FALSE(ArpView::parse(bad));
    }
}

TEST_CASE("unreachables in the words of both families") {
    std::array<std::byte, 8> message{};
    build_unreachable(message, true, Unreachable::port, 1400);
    CHECK(message[0] == std::byte{3});
    CHECK(message[1] == std::byte{3});
    CHECK(load32(message, 4) == 0);
    build_unreachable(message, true, Unreachable::too_big, 1400);
    CHECK(message[1] == std::byte{4});
    CHECK(load32(message, 4) == 1400);
    build_unreachable(message, false, Unreachable::too_big, 1400);
    CHECK(message[0] == std::byte{2});
    CHECK(load32(message, 4) == 1400);
    build_unreachable(message, false, Unreachable::network, 0);
    CHECK(message[0] == std::byte{1});
    CHECK(message[1] == std::byte{0});
}

TEST_CASE("a neighbour solicitation names its target") {
    auto message = bytes({135, 0, 0, 0, 0, 0, 0, 0});
    CHECK_FALSE(IcmpView::parse(message)->solicited());
    message.resize(24);
    store_bytes(message, 8, one6.all());
    CHECK(IcmpView::parse(message)->solicited() == one6);
    message[0] = std::byte{128};
    CHECK_FALSE(IcmpView::parse(message)->solicited());
}

TEST_CASE("the TAP's header is in the machine's byte order") {
    std::array<std::byte, vnet_length> buffer{};
    build_vnet(buffer, {true, 34, 16, Segmentation::tcp4, 54, 1460});
    CHECK(buffer[6] == std::byte{34});
    const auto header = parse_vnet(buffer);
    REQUIRE(header);
    CHECK(header->needs_checksum);
    CHECK(header->checksum_start == 34);
    CHECK(header->segmentation == Segmentation::tcp4);
    CHECK(header->segment_size == 1460);
    buffer[1] = std::byte{3};
    CHECK_FALSE(parse_vnet(buffer));
    CHECK_FALSE(parse_vnet(Bytes(buffer).first(9)));
}

} // TEST_SUITE
