#include "tests/unit/netstack/forward_world.h"

#include "netstack/counters_page.h"

#include <sys/mman.h>

using namespace forwarding;

TEST_CASE("64 MiB both ways at once arrive as sent") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    check_both_ways(connect_through(forwarding, service), 64 * mebi);
}

TEST_CASE("the service sees the gateway's address") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    const UniqueFd client = forwarding.connect();
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const UniqueFd server(::accept4(service.fd.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    REQUIRE(server);
    CHECK(peer.sin_addr.s_addr == v4("127.0.0.9").s_addr);
}

TEST_CASE("a service may speak first") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    const Connection connection = connect_through(forwarding, service);
    REQUIRE(send_all(connection.server.get(), "hello", 5));
    CHECK(receive_text(connection.client.get(), 5) == "hello");
}

TEST_CASE("the client's end of stream arrives and leaves the other direction open") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    REQUIRE(send_all(connection.client.get(), "request", 7));
    ::shutdown(connection.client.get(), SHUT_WR);
    CHECK(receive_text(connection.server.get(), 8) == "request");
    REQUIRE(send_all(connection.server.get(), "answer", 6));
    connection.server.reset();
    CHECK(receive_text(connection.client.get(), 7) == "answer");
    CHECK(end_of(connection.client.get()) == 0);
}

TEST_CASE("the service's end of stream arrives and leaves the other direction open") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    REQUIRE(send_all(connection.server.get(), "banner", 6));
    ::shutdown(connection.server.get(), SHUT_WR);
    CHECK(receive_text(connection.client.get(), 7) == "banner");
    REQUIRE(send_all(connection.client.get(), "late", 4));
    connection.client.reset();
    CHECK(receive_text(connection.server.get(), 5) == "late");
    CHECK(end_of(connection.server.get()) == 0);
}

TEST_CASE("a reset by the client is a reset for the service") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    close_with_reset(connection.client);
    CHECK(end_of(connection.server.get()) == ECONNRESET);
}

TEST_CASE("a reset by the service is a reset for the client, after what was sent before") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    REQUIRE(send_all(connection.server.get(), "last words", 10));
    close_with_reset(connection.server);
    CHECK(receive_text(connection.client.get(), 10) == "last words");
    CHECK(end_of(connection.client.get()) == ECONNRESET);
}

TEST_CASE("a reset after an end of stream is passed on, too") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    ::shutdown(connection.client.get(), SHUT_WR);
    CHECK(end_of(connection.server.get()) == 0);
    close_with_reset(connection.server);
    CHECK(end_of(connection.client.get()) == ECONNRESET);
}

TEST_CASE("a client of an absent service is reset") {
    std::uint16_t unused = 0;
    { unused = listen_on("127.0.0.2").port; }
    Forwarding forwarding(unused);
    for (int i = 0; i < 3; ++i) CHECK(end_of(forwarding.connect().get()) == ECONNRESET);
}

TEST_CASE("streams are counted, with their bytes each way, and refusals") {
    const UniqueFd page(::memfd_create("counters", MFD_CLOEXEC));
    REQUIRE(::ftruncate(page.get(), sizeof(netstack::CounterSlot)) == 0);
    Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port, 1024, sys::dup(page.get()));
    Connection connection = connect_through(forwarding, service);
    const std::string question(1000, 'q'), answer(70'000, 'a');
    REQUIRE(send_all(connection.client.get(), question.data(), question.size()));
    ::shutdown(connection.client.get(), SHUT_WR);
    CHECK(sys::read_to_end(connection.server.get(), 1 << 20, "the question").size() == question.size());
    REQUIRE(send_all(connection.server.get(), answer.data(), answer.size()));
    connection.server.reset();
    CHECK(sys::read_to_end(connection.client.get(), 1 << 20, "the answer").size() == answer.size());
    service.fd.reset();
    UniqueFd refused = forwarding.connect();
    char byte = 0;
    CHECK(::recv(refused.get(), &byte, 1, 0) <= 0);
    CHECK(forwarding.stop() == 0);
    netstack::PublishedCounters shown;
    REQUIRE(netstack::read_counters(page.get(), shown) == netstack::CountersRead::done);
    CHECK(shown.tier == netstack::Tier::forward);
    CHECK(shown.counters.tcp.to_container.bytes == question.size());
    CHECK(shown.counters.tcp.from_container.bytes == answer.size());
    CHECK(shown.counters.tcp.flows.total == 2);
    CHECK(shown.counters.tcp.flows.refused == 1);
    CHECK(shown.counters.tcp.flows.open == 0);
}

TEST_CASE("a service on IPv6 alone is found after the refusal of IPv4") {
    const UniqueFd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
        MESSAGE("skipped: no IPv6 loopback here");
        return;
    }
    REQUIRE(::listen(listener.get(), 8) == 0);
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    Forwarding forwarding(ntohs(address.sin6_port));
    const UniqueFd client = forwarding.connect();
    const UniqueFd server = accept_from(listener);
    REQUIRE(send_all(client.get(), "six", 3));
    CHECK(receive_text(server.get(), 3) == "six");
}
