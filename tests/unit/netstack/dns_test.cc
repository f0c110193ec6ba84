#include "netstack/dns/message.h"
#include "netstack/dns/servers.h"
#include "netstack/policy.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace netstack;
using namespace netstack::dns;

namespace {

/// A query with the id 0x1234 for a name in labels, "\3www\7example" for instance, without the last zero.
std::vector<std::byte> query(const std::string& labels, std::uint16_t type = type_a) {
    const std::string head("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
    const std::string text = head + labels + std::string("\0\0", 2) + static_cast<char>(type) + std::string("\0\1", 2);
    std::vector<std::byte> bytes;
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

} // namespace

TEST_SUITE("netstack/dns") {

TEST_CASE("a query's name in lower case, its type and its question") {
    const auto bytes = query("\3WwW\7example");
    const auto parsed = Query::parse(bytes);
    REQUIRE(parsed);
    CHECK(parsed->id() == 0x1234);
    CHECK(parsed->name() == "www.example");
    CHECK(parsed->type() == type_a);
    CHECK(parsed->qclass() == class_in);
    CHECK(parsed->question().size() == bytes.size() - header_length);
}

TEST_CASE("what is no query with one question is nothing") {
    const auto good = query("\3www");
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(Query::parse(wire::Bytes(good).first(size)));
    auto response = good;
    response[2] |= std::byte{0x80};
    CHECK_FALSE(Query::parse(response));
    auto two = good;
    two[5] = std::byte{2};
    CHECK_FALSE(Query::parse(two));
    CHECK_FALSE(Query::parse(query("\xc0\x0c")));        // a pointer
    CHECK_FALSE(Query::parse(query("\x40" + std::string(64, 'a'))));
    std::string longest;
    for (int i = 0; i < 8; ++i) longest += "\x1f" + std::string(31, 'a');
    CHECK_FALSE(Query::parse(query(longest)));
    const auto of_labels = [](int last) { // 64 bytes three times, and what is left
        std::string name;
        for (int i = 0; i < 3; ++i) name += "\x3f" + std::string(63, 'a');
        return name + static_cast<char>(last) + std::string(static_cast<std::size_t>(last), 'b');
    };
    const auto longest_there_is = query(of_labels(61)); // 255 with the root
    const auto whole = Query::parse(longest_there_is);
    REQUIRE(whole);
    std::array<std::byte, largest_reply> reply;
    CHECK(build_address_reply(reply, *whole, parse_address("fd88::2")->wire()) == reply.size());
    CHECK_FALSE(Query::parse(query(of_labels(62))));
}

TEST_CASE("replies repeat the question and are answers to it") {
    const auto bytes = query("\3www");
    const auto parsed = Query::parse(bytes);
    REQUIRE(parsed);
    std::array<std::byte, largest_reply> reply{};
    std::size_t size = build_address_reply(reply, *parsed, wire::Address::v4(0x0a580002).wire());
    CHECK(is_answer(wire::Bytes(reply).first(size), 0x1234, parsed->question()));
    CHECK(wire::load16(reply, 6) == 1);
    CHECK(wire::load32(reply, size - 4) == 0x0a580002);
    CHECK_FALSE(is_answer(wire::Bytes(reply).first(size), 0x1235, parsed->question()));
    std::array<std::byte, largest_reply> six{};
    const std::size_t six_size = build_address_reply(six, *parsed, parse_address("fd88::2")->wire());
    CHECK(wire::load16(six, six_size - 28 + 2) == type_aaaa);
    CHECK(wire::load16(six, six_size - 18) == 16);
    CHECK(wire::load32(six, six_size - 16) == 0xfd880000);
    const auto other = query("\3wwx");
    CHECK_FALSE(is_answer(wire::Bytes(reply).first(size), 0x1234, Query::parse(other)->question()));
    CHECK_FALSE(is_answer(bytes, 0x1234, parsed->question())); // a query is none
    size = build_reply(reply, *parsed, Code::server_failure);
    CHECK((wire::load16(reply, 2) & 0xf) == 2);
    CHECK(wire::load16(reply, 6) == 0);
}

TEST_CASE("resolv.conf: at most three name servers, comments and nonsense passed over, none is the loopback") {
    const ServerList list = parse_servers("# nameserver 1.1.1.1\nsearch lan\n nameserver\t192.0.2.1 # ours\nnameserver bogus\n"
                                          "nameserver 2001:db8::53\noptions ndots:1\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n");
    REQUIRE(list.count == 3);
    CHECK(list.servers[0].address() == wire::Address::v4(0xc0000201));
    CHECK(list.servers[0].port() == 53);
    CHECK(list.servers[1].family() == AF_INET6);
    CHECK(parse_servers("").servers[0].address() == wire::Address::v4(0x7f000001));
    CHECK(parse_servers("").count == 1);
}

} // TEST_SUITE
