#include "netstack/counters_page.h"
#include "netstack/forward.h"

#include "base/error.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t mebi = 1 << 20;

in_addr v4(const char* text) {
    in_addr address{};
    REQUIRE(::inet_pton(AF_INET, text, &address) == 1);
    return address;
}

struct Bound {
    UniqueFd fd;
    std::uint16_t port;
};

Bound listen_on(const char* ip) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = v4(ip);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd.get(), 1024) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return {std::move(fd), ntohs(address.sin_port)};
}

UniqueFd make_client() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

int connect_to(int fd, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

UniqueFd accept_from(const UniqueFd& listener) {
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(fd);
    return fd;
}

/// A forwarder in a thread: 127.0.0.1:port -> 127.0.0.2:service port, coming from 127.0.0.9.
class Forwarding {
public:
    explicit Forwarding(std::uint16_t service_port, std::size_t max_flows = 1024, UniqueFd counters = {}) {
        auto [listener, port] = listen_on("127.0.0.1");
        port_ = port;
        Pipe stop = sys::pipe();
        stop_ = std::move(stop.write);
        netstack::ForwardPlan plan;
        plan.forwards.push_back({std::move(listener), service_port});
        plan.stop = std::move(stop.read);
        plan.addresses = {v4("127.0.0.2"), v4("127.0.0.9"), in6addr_loopback, in6addr_loopback};
        plan.max_flows = max_flows;
        plan.counters = std::move(counters);
        thread_ = std::thread([this, plan = std::move(plan)]() mutable { result_ = netstack::run_forwards(std::move(plan)); });
    }
    ~Forwarding() { stop(); }

    UniqueFd connect() const {
        UniqueFd fd = make_client();
        REQUIRE(connect_to(fd.get(), port_) == 0);
        return fd;
    }
    std::uint16_t port() const { return port_; }
    void request_stop() { stop_.reset(); }
    int stop() {
        request_stop();
        if (thread_.joinable()) thread_.join();
        return result_;
    }

private:
    std::uint16_t port_ = 0;
    UniqueFd stop_;
    int result_ = -1;
    std::thread thread_;
};

/// A connection through a forwarder: both ends.
struct Connection {
    UniqueFd client;
    UniqueFd server;
};

Connection connect_through(const Forwarding& forwarding, const Bound& service) {
    UniqueFd client = forwarding.connect();
    return {std::move(client), accept_from(service.fd)};
}

/// A reproducible stream, and its FNV-1a digest over 64-bit words.
class Stream {
public:
    explicit Stream(std::uint64_t seed) : state_(seed) {}
    void fill(std::vector<std::uint64_t>& block) {
        for (auto& word : block) {
            state_ ^= state_ << 13;
            state_ ^= state_ >> 7;
            state_ ^= state_ << 17;
            word = state_;
            digest_ = (digest_ ^ word) * 0x100000001b3u;
        }
    }
    std::uint64_t digest() const { return digest_; }

private:
    std::uint64_t state_;
    std::uint64_t digest_ = 0xcbf29ce484222325u;
};

bool send_all(int fd, const void* data, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        const ssize_t n = ::send(fd, static_cast<const char*>(data) + done, size - done, MSG_NOSIGNAL);
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

std::uint64_t send_stream(int fd, std::uint64_t seed, std::size_t bytes) {
    Stream stream(seed);
    std::vector<std::uint64_t> block(8192);
    for (std::size_t sent = 0; sent < bytes; sent += block.size() * 8) {
        stream.fill(block);
        if (!send_all(fd, block.data(), block.size() * 8)) return 0;
    }
    return stream.digest();
}

struct Received {
    std::size_t bytes = 0;
    std::uint64_t digest = 0xcbf29ce484222325u;
    int error = 0; ///< 0: end of stream
};

/// Reads to the end, or to an error.
Received receive_stream(int fd) {
    Received result;
    std::vector<char> buffer(256 << 10);
    std::size_t held = 0;
    for (;;) {
        const ssize_t n = ::recv(fd, buffer.data() + held, buffer.size() - held, 0);
        if (n <= 0) {
            result.error = n == 0 ? 0 : errno;
            return result;
        }
        result.bytes += static_cast<std::size_t>(n);
        held += static_cast<std::size_t>(n);
        std::size_t used = 0;
        for (std::uint64_t word; held - used >= sizeof word; used += sizeof word) {
            std::memcpy(&word, buffer.data() + used, sizeof word);
            result.digest = (result.digest ^ word) * 0x100000001b3u;
        }
        std::memmove(buffer.data(), buffer.data() + used, held - used);
        held -= used;
    }
}

std::string receive_text(int fd, std::size_t size) {
    std::string text(size, '\0');
    const ssize_t n = ::recv(fd, text.data(), size, MSG_WAITALL);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

/// 0 at the end of the stream, errno of a failure, -1 when there is data.
int end_of(int fd) {
    char byte;
    const ssize_t n = ::recv(fd, &byte, 1, 0);
    return n > 0 ? -1 : n == 0 ? 0 : errno;
}

void close_with_reset(UniqueFd& fd) {
    const linger now{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd.reset();
}

bool readable_within(int fd, int milliseconds) {
    pollfd poll{fd, POLLIN, 0};
    return ::poll(&poll, 1, milliseconds) > 0;
}

/// `bytes` in both directions at once, compared by digest.
void check_both_ways(const Connection& connection, std::size_t bytes) {
    std::uint64_t sent_up = 0;
    std::uint64_t sent_down = 0;
    Received got_up;
    std::thread up([&] {
        sent_up = send_stream(connection.client.get(), 1, bytes);
        ::shutdown(connection.client.get(), SHUT_WR);
    });
    std::thread down([&] {
        sent_down = send_stream(connection.server.get(), 2, bytes);
        ::shutdown(connection.server.get(), SHUT_WR);
    });
    std::thread server([&] { got_up = receive_stream(connection.server.get()); });
    const Received got_down = receive_stream(connection.client.get());
    up.join();
    down.join();
    server.join();
    CHECK(got_up.error == 0);
    CHECK(got_down.error == 0);
    CHECK(got_up.bytes == bytes);
    CHECK(got_down.bytes == bytes);
    CHECK(got_up.digest == sent_up);
    CHECK(got_down.digest == sent_down);
}

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
