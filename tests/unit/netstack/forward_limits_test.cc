// Published ports where something is short: connections, descriptors, a reader; and their end.
#include "tests/unit/netstack/forward_world.h"

#include <sys/resource.h>

using namespace forwarding;

namespace {

/// Leaves the process without a free descriptor until destroyed.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit low = before_;
        low.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 256);
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (;;) {
            UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            if (!fd) break;
            held_.push_back(std::move(fd));
        }
    }
    ~NoDescriptors() {
        held_.clear();
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }
    void release(std::size_t count) {
        while (count-- > 0 && !held_.empty()) held_.pop_back();
    }

private:
    rlimit before_{};
    std::vector<UniqueFd> held_;
};

} // namespace

TEST_CASE("200 connections at a time do not mix") {
    const Bound service = listen_on("127.0.0.2");
    netstack::raise_descriptor_limit();
    Forwarding forwarding(service.port);
    std::vector<UniqueFd> clients, servers;
    for (int i = 0; i < 200; ++i) clients.push_back(forwarding.connect());
    for (int i = 0; i < 200; ++i) servers.push_back(accept_from(service.fd));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const std::string text(32 << 10, static_cast<char>('A' + i % 50));
        REQUIRE(send_all(clients[i].get(), (std::to_string(1000 + i) + text).data(), 4 + text.size()));
    }
    std::vector<bool> seen(200);
    for (const UniqueFd& server : servers) {
        const std::string text = receive_text(server.get(), 4 + (32 << 10));
        const auto id = static_cast<std::size_t>(std::stoi(text.substr(0, 4)) - 1000);
        REQUIRE(id < seen.size());
        CHECK_FALSE(seen[id]);
        seen[id] = true;
        CHECK(text.substr(4) == std::string(32 << 10, static_cast<char>('A' + id % 50)));
        REQUIRE(send_all(server.get(), text.data(), 4));
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        CHECK(receive_text(clients[i].get(), 4) == std::to_string(1000 + i));
}

TEST_CASE("connections above the limit wait for a place") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port, 1);
    Connection first = connect_through(forwarding, service);
    const UniqueFd waiting = forwarding.connect();
    REQUIRE(send_all(waiting.get(), "second", 6));
    CHECK_FALSE(readable_within(service.fd.get(), 50));
    first = {};
    const UniqueFd second = accept_from(service.fd);
    CHECK(receive_text(second.get(), 6) == "second");
}

TEST_CASE("without descriptors clients wait, and are served when there are some") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    const Connection early = connect_through(forwarding, service);
    const UniqueFd late = make_client();
    std::optional<NoDescriptors> shortage(std::in_place);
    REQUIRE(connect_to(late.get(), forwarding.port()) == 0);
    REQUIRE(send_all(late.get(), "patience", 8));
    CHECK_FALSE(readable_within(service.fd.get(), 150));
    REQUIRE(send_all(early.client.get(), "still here", 10)); // and the flows there are go on, without a pipe
    CHECK(receive_text(early.server.get(), 10) == "still here");
    shortage.reset();
    const UniqueFd server = accept_from(service.fd);
    CHECK(receive_text(server.get(), 8) == "patience");
}

TEST_CASE("without descriptors for pipes data arrives as sent") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    const Connection connection = connect_through(forwarding, service);
    const NoDescriptors shortage;
    check_both_ways(connection, 8 * mebi);
}

TEST_CASE("a slow receiver stops the sender, and loses nothing") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    const Connection connection = connect_through(forwarding, service);
    Stream stream(3);
    std::vector<std::uint64_t> block(8192);
    const std::size_t block_size = block.size() * 8;
    const std::size_t bound = 128 * mebi; // far above what buffers may hold: three sockets' and a pipe's
    std::size_t sent = 0;
    for (pollfd room{connection.client.get(), POLLOUT, 0}; sent < bound && ::poll(&room, 1, 300) > 0;) {
        if (sent % block_size == 0) stream.fill(block);
        const char* rest = reinterpret_cast<const char*>(block.data()) + sent % block_size;
        const ssize_t n = ::send(connection.client.get(), rest, block_size - sent % block_size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) sent += static_cast<std::size_t>(n);
    }
    CHECK(sent < bound);
    CHECK(sent > 0);
    Received got;
    std::thread receiver([&] { got = receive_stream(connection.server.get()); });
    if (const std::size_t used = sent % block_size; used != 0) {
        CHECK(send_all(connection.client.get(), reinterpret_cast<const char*>(block.data()) + used, block_size - used));
        sent += block_size - used;
    }
    ::shutdown(connection.client.get(), SHUT_WR);
    receiver.join();
    CHECK(got.bytes == sent);
    CHECK(got.digest == stream.digest());
}

TEST_CASE("the stop closes the listeners and lets the service's last bytes out") {
    const Bound service = listen_on("127.0.0.2");
    Forwarding forwarding(service.port);
    Connection connection = connect_through(forwarding, service);
    std::uint64_t sent = 0;
    std::thread sender([&] {
        sent = send_stream(connection.server.get(), 4, 4 * mebi);
        connection.server.reset();
        forwarding.request_stop();
    });
    const Received got = receive_stream(connection.client.get());
    sender.join();
    CHECK(got.error == 0);
    CHECK(got.bytes == 4 * mebi);
    CHECK(got.digest == sent);
    CHECK(forwarding.stop() == 0);
    CHECK(connect_to(make_client().get(), forwarding.port()) == ECONNREFUSED);
}

TEST_CASE("a plan with a listener that is none is refused") {
    netstack::ForwardPlan plan;
    plan.forwards.push_back({UniqueFd(), 80});
    Pipe stop = sys::pipe();
    plan.stop = std::move(stop.read);
    CHECK(netstack::run_forwards(std::move(plan)) == EBADF);
}
