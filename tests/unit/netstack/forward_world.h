// What the tests of published ports by tier T2 share: a forwarder in a thread, its clients, services and streams that check themselves.
#pragma once

#include "netstack/forward.h"

#include "base/error.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
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

namespace forwarding {

inline constexpr std::size_t mebi = 1 << 20;

inline in_addr v4(const char* text) {
    in_addr address{};
    REQUIRE(::inet_pton(AF_INET, text, &address) == 1);
    return address;
}

struct Bound {
    UniqueFd fd;
    std::uint16_t port;
};

inline Bound listen_on(const char* ip) {
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

inline UniqueFd make_client() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

inline int connect_to(int fd, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

inline UniqueFd accept_from(const UniqueFd& listener) {
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

inline Connection connect_through(const Forwarding& forwarding, const Bound& service) {
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

inline bool send_all(int fd, const void* data, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        const ssize_t n = ::send(fd, static_cast<const char*>(data) + done, size - done, MSG_NOSIGNAL);
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

inline std::uint64_t send_stream(int fd, std::uint64_t seed, std::size_t bytes) {
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
inline Received receive_stream(int fd) {
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

inline std::string receive_text(int fd, std::size_t size) {
    std::string text(size, '\0');
    const ssize_t n = ::recv(fd, text.data(), size, MSG_WAITALL);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

/// 0 at the end of the stream, errno of a failure, -1 when there is data.
inline int end_of(int fd) {
    char byte;
    const ssize_t n = ::recv(fd, &byte, 1, 0);
    return n > 0 ? -1 : n == 0 ? 0 : errno;
}

inline void close_with_reset(UniqueFd& fd) {
    const linger now{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd.reset();
}

inline bool readable_within(int fd, int milliseconds) {
    pollfd poll{fd, POLLIN, 0};
    return ::poll(&poll, 1, milliseconds) > 0;
}

/// `bytes` in both directions at once, compared by digest.
inline void check_both_ways(const Connection& connection, std::size_t bytes) {
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

} // namespace forwarding
