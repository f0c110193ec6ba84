// The two ends of what tests/bench/net/run measures: a service, and a client that puts load on one way to it.
//
//   net_bench serve PORT                 TCP and UDP, on every address, until it is killed
//   net_bench KIND ADDRESS PORT SECONDS  one number of a kind on standard output:
//       up down   Gbit/s of one stream to and from the service; with them the bytes, and the client's retransmissions
//       rr        median of a one-byte round trip, µs
//       crr1 crr16   connections a second, each with a byte there and back and the service ending first, by one and by 16 clients at a time
//       udp100 udp1400   thousand datagrams of that size a second that arrive, of one sender that floods
//       udprr     median of a datagram there and back, µs
#include "base/error.h"
#include "base/unique_fd.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// What a stream's first byte asks of the service.
enum Task : char { sink = 'u', source = 'd', echo = 'r', answer = 'c', datagrams = 'n' };

constexpr std::size_t block_size = 128 << 10;

struct Place {
    std::string address;
    std::uint16_t port;
    sockaddr_in name() const {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port);
        if (::inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) throw Error(address, " is no IPv4 address");
        return name;
    }
};

UniqueFd make_socket(int type) {
    UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!fd) throw SysError{errno, "make a socket"};
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (type == SOCK_STREAM) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

UniqueFd connect_to(const Place& place, int type = SOCK_STREAM) {
    UniqueFd fd = make_socket(type);
    const sockaddr_in name = place.name();
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        throw SysError{errno, cat("connect to ", place.address, ":", place.port)};
    return fd;
}

// ---- the service

std::atomic<std::uint64_t> datagrams_seen = 0;

void serve_stream(UniqueFd fd) {
    std::vector<char> block(block_size);
    char task = 0;
    if (::recv(fd.get(), &task, 1, 0) != 1) return;
    switch (task) {
    case sink:
        while (::recv(fd.get(), block.data(), block.size(), 0) > 0) {}
        break;
    case source:
        while (::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {}
        break;
    case echo:
        for (ssize_t n; (n = ::recv(fd.get(), block.data(), 1, 0)) > 0;) ::send(fd.get(), block.data(), 1, MSG_NOSIGNAL);
        break;
    case answer:
        if (::recv(fd.get(), block.data(), 1, 0) == 1) ::send(fd.get(), block.data(), 1, MSG_NOSIGNAL);
        break; // ends first, so that the client's ports are free again at once
    case datagrams: {
        const std::uint64_t count = datagrams_seen;
        ::send(fd.get(), &count, sizeof count, MSG_NOSIGNAL);
        break;
    }
    default: break;
    }
}

/// Counts datagrams, and sends those of one byte back.
void serve_datagrams(const UniqueFd& fd) {
    std::vector<char> datagram(1 << 16);
    for (;;) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const ssize_t count = ::recvfrom(fd.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
        if (count == 1) ::sendto(fd.get(), datagram.data(), 1, 0, reinterpret_cast<sockaddr*>(&peer), size);
        else if (count > 1) ++datagrams_seen;
    }
}

[[noreturn]] void serve(std::uint16_t port) {
    const sockaddr_in name = Place{"0.0.0.0", port}.name();
    const UniqueFd listener = make_socket(SOCK_STREAM), udp = make_socket(SOCK_DGRAM);
    for (const UniqueFd* fd : {&listener, &udp})
        if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) throw SysError{errno, cat("bind port ", port)};
    if (::listen(listener.get(), 1024) != 0) throw SysError{errno, "listen"};
    std::vector<std::thread> threads;
    threads.emplace_back([&] { serve_datagrams(udp); });
    for (int i = 0; i < 24; ++i) // more than the clients have connections at a time
        threads.emplace_back([&] {
            for (;;) serve_stream(UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
        });
    threads.front().join();
    ::_exit(0);
}

// ---- the client

double median(std::vector<double> values) {
    if (values.empty()) throw Error("nothing came back");
    std::ranges::nth_element(values, values.begin() + static_cast<long>(values.size() / 2));
    return values[values.size() / 2];
}

void measure_bulk(const Place& place, char task, double seconds) {
    const UniqueFd fd = connect_to(place);
    if (::send(fd.get(), &task, 1, MSG_NOSIGNAL) != 1) throw SysError{errno, "send"};
    std::vector<char> block(block_size);
    std::size_t bytes = 0;
    const auto start = Clock::now();
    double elapsed = 0;
    for (; elapsed < seconds; elapsed = Seconds(Clock::now() - start).count()) {
        const ssize_t n = task == sink ? ::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL) : ::recv(fd.get(), block.data(), block.size(), 0);
        if (n <= 0) throw SysError{errno, "bulk transfer"};
        bytes += static_cast<std::size_t>(n);
    }
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    std::printf("%f %zu %u\n", static_cast<double>(bytes) * 8 / elapsed / 1e9, bytes, info.tcpi_total_retrans);
}

void measure_round_trip(const Place& place, int type, double seconds) {
    const UniqueFd fd = connect_to(place, type);
    const timeval patience{.tv_sec = 0, .tv_usec = 200'000}; // a datagram may be lost
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const char task = echo;
    if (type == SOCK_STREAM) ::send(fd.get(), &task, 1, MSG_NOSIGNAL);
    std::vector<double> times;
    for (const auto end = Clock::now() + Seconds(seconds); Clock::now() < end;) {
        char byte = 'x';
        const auto start = Clock::now();
        if (::send(fd.get(), &byte, 1, MSG_NOSIGNAL) != 1 || ::recv(fd.get(), &byte, 1, 0) != 1) continue;
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::printf("%f\n", median(times));
}

void measure_connects(const Place& place, int clients, double seconds) {
    std::atomic<long> count = 0;
    std::vector<std::thread> threads;
    const auto end = Clock::now() + Seconds(seconds);
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] {
            while (Clock::now() < end) {
                UniqueFd fd = make_socket(SOCK_STREAM);
                const sockaddr_in name = place.name();
                char bytes[2] = {answer, 'x'};
                if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && ::send(fd.get(), bytes, 2, MSG_NOSIGNAL) == 2 &&
                    ::recv(fd.get(), bytes, 1, 0) == 1 && ::recv(fd.get(), bytes, 1, 0) == 0)
                    ++count;
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%f\n", static_cast<double>(count) / seconds);
}

std::uint64_t datagrams_arrived(const Place& place) {
    const UniqueFd fd = connect_to(place);
    const char task = datagrams;
    std::uint64_t count = 0;
    if (::send(fd.get(), &task, 1, MSG_NOSIGNAL) != 1 || ::recv(fd.get(), &count, sizeof count, MSG_WAITALL) != static_cast<ssize_t>(sizeof count))
        throw SysError{errno, "ask for the number of datagrams"};
    return count;
}

void measure_flood(const Place& place, std::size_t size, double seconds) {
    const std::uint64_t before = datagrams_arrived(place);
    const UniqueFd fd = connect_to(place, SOCK_DGRAM);
    const std::vector<char> datagram(size, 'x');
    const auto start = Clock::now();
    while (Seconds(Clock::now() - start).count() < seconds)
        for (int i = 0; i < 64; ++i) ::send(fd.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::printf("%f\n", static_cast<double>(datagrams_arrived(place) - before) / seconds / 1000);
}

void measure(const std::string& kind, const Place& place, double seconds) {
    if (kind == "up") return measure_bulk(place, sink, seconds);
    if (kind == "down") return measure_bulk(place, source, seconds);
    if (kind == "rr") return measure_round_trip(place, SOCK_STREAM, seconds);
    if (kind == "udprr") return measure_round_trip(place, SOCK_DGRAM, seconds);
    if (kind == "crr1") return measure_connects(place, 1, seconds);
    if (kind == "crr16") return measure_connects(place, 16, seconds);
    if (kind == "udp100") return measure_flood(place, 100, seconds);
    if (kind == "udp1400") return measure_flood(place, 1372, seconds); // with its headers 1400, which fits everywhere
    throw Error(kind, ": unknown kind");
}

} // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() == 2 && words[0] == "serve") serve(static_cast<std::uint16_t>(std::stoi(words[1])));
        if (words.size() == 4) {
            measure(words[0], {words[1], static_cast<std::uint16_t>(std::stoi(words[2]))}, std::stod(words[3]));
            return 0;
        }
        std::fprintf(stderr, "usage: net_bench serve PORT | KIND ADDRESS PORT SECONDS\n");
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "net_bench: %s\n", e.what());
        return 1;
    }
}
