#include "netstack/order.h"

#include "base/sys.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

using namespace netstack;

TEST_SUITE("netstack/order") {

TEST_CASE("an order comes with its text or its descriptor, and is answered") {
    SocketPair line = sys::socket_pair(SOCK_SEQPACKET);
    const std::string text(most_order_text, 'x');
    int sent = -1;
    std::thread sender([&] { sent = send_order(line.ours.get(), {.kind = Order::Kind::name_servers}, -1, text); });
    bool ended = false;
    std::optional<ReceivedOrder> received;
    while (!received && !ended) received = receive_order(line.theirs.get(), ended);
    answer_order(line.theirs.get(), EBUSY);
    sender.join();
    REQUIRE(received);
    CHECK(received->order.kind == Order::Kind::name_servers);
    CHECK(received->text() == text);
    CHECK_FALSE(received->fd);
    CHECK(sent == EBUSY);
}

TEST_CASE("an order that lacks its descriptor is none, and the end of the line is told") {
    SocketPair line = sys::socket_pair(SOCK_SEQPACKET);
    const Order order{.kind = Order::Kind::add_port};
    bool ended = false;
    CHECK_FALSE(receive_order(line.theirs.get(), ended));
    CHECK_FALSE(ended);
    REQUIRE(::send(line.ours.get(), &order, sizeof order, 0) == sizeof order);
    CHECK_FALSE(receive_order(line.theirs.get(), ended));
    REQUIRE(::send(line.ours.get(), &order, sizeof order - 1, 0) == sizeof order - 1);
    CHECK_FALSE(receive_order(line.theirs.get(), ended));
    line.ours.reset();
    CHECK_FALSE(receive_order(line.theirs.get(), ended));
    CHECK(ended);
}

} // TEST_SUITE
