// The two ends of what tests/bench/net/run measures: a service, and a client that puts load on one way to it.
//
//   net_bench serve PORT [COUNT]         TCP and UDP, on every address of both families, until it is killed; COUNT ports from that one on
//   net_bench KIND ADDRESS PORT SECONDS  one number of a kind on standard output:
//       up down   Gbit/s of one stream to and from the service; with them the bytes, and the client's retransmissions
//       upfar     as up, of bytes that the service has read: over a long way megabytes are in buffers
//       rr        median of a one-byte round trip, µs
//       crr1 crr16   connections a second, each with a byte there and back and the service ending first, by one and by 16 clients at a time
//       udp100 udp1400   thousand datagrams of that size a second that arrive, of one sender that floods
//       udprr     median of a datagram there and back, µs
//       rate      connections a second as of crr16, 5000 of them begun each second, in turn to 32 addresses from ADDRESS on and 32 ports
//                 from PORT on; with them how many have failed
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
enum Task : char { sink = 'u', source = 'd', echo = 'r', answer = 'c', datagrams = 'n', bytes_read = 'b' };

constexpr std::size_t block_size = 128 << 10;

struct Place {
    std::string address;
    std::uint16_t port;
    /// As one of IPv6 in any case: an IPv4 address is a mapped one, and goes by IPv4.
    sockaddr_in6 name() const {
        sockaddr_in6 name{};
        name.sin6_family = AF_INET6;
        name.sin6_port = htons(port);
        const std::string text = address.find(':') == std::string::npos ? "::ffff:" + address : address;
        if (::inet_pton(AF_INET6, text.c_str(), &name.sin6_addr) != 1) throw Error(address, " is no IP address");
        return name;
    }
};

UniqueFd make_socket(int type) {
    UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
    if (!fd) throw SysError{errno, "make a socket"};
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (type == SOCK_STREAM) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

UniqueFd connect_to(const Place& place, int type = SOCK_STREAM) {
    UniqueFd fd = make_socket(type);
    const sockaddr_in6 name = place.name();
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        throw SysError{errno, cat("connect to ", place.address, ":", place.port)};
    return fd;
}

// ---- the service

std::atomic<std::uint64_t> datagrams_seen = 0, bytes_seen = 0;

void serve_stream(UniqueFd fd) {
    std::vector<char> block(block_size);
    char task = 0;
    if (::recv(fd.get(), &task, 1, 0) != 1) return;
    switch (task) {
    case sink:
        for (ssize_t n; (n = ::recv(fd.get(), block.data(), block.size(), 0)) > 0;) bytes_seen += static_cast<std::uint64_t>(n);
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
    case datagrams:
    case bytes_read: {
        const std::uint64_t count = task == datagrams ? datagrams_seen : bytes_seen;
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
        sockaddr_in6 peer{};
        socklen_t size = sizeof peer;
        const ssize_t count = ::recvfrom(fd.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
        if (count == 1) ::sendto(fd.get(), datagram.data(), 1, 0, reinterpret_cast<sockaddr*>(&peer), size);
        else if (count > 1) ++datagrams_seen;
    }
}

void bind_to(const UniqueFd& fd, std::uint16_t port) {
    const sockaddr_in6 name = Place{"::", port}.name();
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) throw SysError{errno, cat("bind port ", port)};
}

[[noreturn]] void serve(std::uint16_t port, std::uint16_t count) {
    const UniqueFd udp = make_socket(SOCK_DGRAM);
    bind_to(udp, port);
    std::vector<std::thread> threads;
    threads.emplace_back([&] { serve_datagrams(udp); });
    std::vector<UniqueFd> listeners;
    for (std::uint16_t i = 0; i < count; ++i) {
        listeners.push_back(make_socket(SOCK_STREAM));
        bind_to(listeners.back(), static_cast<std::uint16_t>(port + i));
        if (::listen(listeners.back().get(), 1024) != 0) throw SysError{errno, "listen"};
    }
    for (const UniqueFd& listener : listeners)
        for (int i = 0; i < (count > 1 ? 2 : 24); ++i) // more than the clients have connections at a time
            threads.emplace_back([fd = listener.get()] {
                for (;;) serve_stream(UniqueFd(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)));
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

/// How many datagrams or bytes of streams have arrived.
std::uint64_t arrived(const Place& place, Task task) {
    const UniqueFd fd = connect_to(place);
    const char what = task;
    std::uint64_t count = 0;
    if (::send(fd.get(), &what, 1, MSG_NOSIGNAL) != 1 || ::recv(fd.get(), &count, sizeof count, MSG_WAITALL) != static_cast<ssize_t>(sizeof count))
        throw SysError{errno, "ask for what has arrived"};
    return count;
}

/// Asking takes as long the first time as the second.
void measure_far(const Place& place, double seconds) {
    const auto start = Clock::now();
    const std::uint64_t before = arrived(place, bytes_read);
    const UniqueFd fd = connect_to(place);
    const char task = sink;
    if (::send(fd.get(), &task, 1, MSG_NOSIGNAL) != 1) throw SysError{errno, "send"};
    const timeval patience{.tv_sec = 0, .tv_usec = 200'000}; // the end is not missed for a full buffer
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const std::vector<char> block(block_size);
    while (Seconds(Clock::now() - start).count() < seconds)
        if (::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN) throw SysError{errno, "bulk transfer"};
    tcp_info info{};
    socklen_t size = sizeof info;
    ::getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
    const double elapsed = Seconds(Clock::now() - start).count();
    const std::uint64_t bytes = arrived(place, bytes_read) - before;
    std::printf("%f %ju %u\n", static_cast<double>(bytes) * 8 / elapsed / 1e9, static_cast<std::uintmax_t>(bytes), info.tcpi_total_retrans);
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

/// A connection with a byte there and back, which the service ends.
bool connect_once(const Place& place) {
    UniqueFd fd = make_socket(SOCK_STREAM);
    const sockaddr_in6 name = place.name();
    char bytes[2] = {answer, 'x'};
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && ::send(fd.get(), bytes, 2, MSG_NOSIGNAL) == 2 &&
           ::recv(fd.get(), bytes, 1, 0) == 1 && ::recv(fd.get(), bytes, 1, 0) == 0;
}

/// "10.77.1.1" and 3: "10.77.1.4".
std::string address_behind(const std::string& first, long count) {
    const auto dot = first.rfind('.');
    if (dot == std::string::npos) throw Error(first, " is no IPv4 address");
    return cat(first.substr(0, dot + 1), std::stol(first.substr(dot + 1)) + count);
}

void measure_rate(const Place& first, double seconds) {
    constexpr long rate = 5000, places = 32, clients = 16;
    std::atomic<long> begun = 0, done = 0, failed = 0;
    std::vector<std::thread> threads;
    const auto start = Clock::now();
    const auto total = static_cast<long>(rate * seconds);
    for (long i = 0; i < clients; ++i)
        threads.emplace_back([&] {
            for (long number; (number = begun++) < total;) {
                std::this_thread::sleep_until(start + Seconds(static_cast<double>(number) / rate));
                const Place place{address_behind(first.address, number % places), static_cast<std::uint16_t>(first.port + number / places % places)};
                ++(connect_once(place) ? done : failed);
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%f %ld\n", static_cast<double>(done) / Seconds(Clock::now() - start).count(), failed.load());
}

void measure_connects(const Place& place, int clients, double seconds) {
    std::atomic<long> count = 0;
    std::vector<std::thread> threads;
    const auto end = Clock::now() + Seconds(seconds);
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] {
            while (Clock::now() < end)
                if (connect_once(place)) ++count;
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%f\n", static_cast<double>(count) / seconds);
}

void measure_flood(const Place& place, std::size_t size, double seconds) {
    const std::uint64_t before = arrived(place, datagrams);
    const UniqueFd fd = connect_to(place, SOCK_DGRAM);
    const std::vector<char> datagram(size, 'x');
    const auto start = Clock::now();
    while (Seconds(Clock::now() - start).count() < seconds)
        for (int i = 0; i < 64; ++i) ::send(fd.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::printf("%f\n", static_cast<double>(arrived(place, datagrams) - before) / seconds / 1000);
}

void measure(const std::string& kind, const Place& place, double seconds) {
    if (kind == "up") return measure_bulk(place, sink, seconds);
    if (kind == "upfar") return measure_far(place, seconds);
    if (kind == "down") return measure_bulk(place, source, seconds);
    if (kind == "rr") return measure_round_trip(place, SOCK_STREAM, seconds);
    if (kind == "udprr") return measure_round_trip(place, SOCK_DGRAM, seconds);
    if (kind == "crr1") return measure_connects(place, 1, seconds);
    if (kind == "crr16") return measure_connects(place, 16, seconds);
    if (kind == "rate") return measure_rate(place, seconds);
    if (kind == "udp100") return measure_flood(place, 100, seconds);
    if (kind == "udp1400") return measure_flood(place, 1372, seconds); // with its headers 1400, which fits everywhere
    throw Error(kind, ": unknown kind");
}

} // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() >= 2 && words[0] == "serve")
            serve(static_cast<std::uint16_t>(std::stoi(words[1])), static_cast<std::uint16_t>(words.size() > 2 ? std::stoi(words[2]) : 1));
        if (words.size() == 4) {
            measure(words[0], {words[1], static_cast<std::uint16_t>(std::stoi(words[2]))}, std::stod(words[3]));
            return 0;
        }
        std::fprintf(stderr, "usage: net_bench serve PORT [COUNT] | KIND ADDRESS PORT SECONDS\n");
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "net_bench: %s\n", e.what());
        return 1;
    }
}
