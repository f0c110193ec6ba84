// Load for the port forwarder: one service, one client that compares several ways to it, and the forwarder by itself.
//
//   forward_bench serve PORT                       the service, on every address
//   forward_bench forward LISTEN TARGET PID        our forwarder, into the user and network namespace of PID
//   forward_bench load SECONDS ROUNDS NAME=PORT[:PID]...
//
// `load` goes case by case within a round and prints medians, and the medians of each round's ratio to the first case and
// to the last: on a shared machine only numbers of the same round may be compared. With a PID the forwarder's CPU time is taken.
#include "base/error.h"
#include "base/sys.h"
#include "netstack/forward.h"
#include "netstack/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// What the client's first byte asks of the service.
enum class Task : char { sink = 'u', source = 'd', echo = 'r' };

constexpr std::size_t block_size = 128 << 10;

sockaddr_in address_of(in_addr_t ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(ip);
    return address;
}

UniqueFd make_socket() {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

UniqueFd listen_on(in_addr_t ip, std::uint16_t port) {
    UniqueFd fd = make_socket();
    const sockaddr_in address = address_of(ip, port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 1024) != 0)
        throw SysError{errno, cat("listen on port ", port)};
    return fd;
}

UniqueFd connect_to(std::uint16_t port) {
    UniqueFd fd = make_socket();
    const sockaddr_in address = address_of(INADDR_LOOPBACK, port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw SysError{errno, cat("connect to port ", port)};
    return fd;
}

void send_byte(int fd, char byte) {
    if (::send(fd, &byte, 1, MSG_NOSIGNAL) != 1) throw SysError{errno, "send"};
}

bool receive_byte(int fd) {
    char byte;
    return ::recv(fd, &byte, 1, 0) == 1;
}

void serve_one(UniqueFd fd) {
    std::vector<char> block(block_size);
    char task = 0;
    if (::recv(fd.get(), &task, 1, 0) != 1) return;
    switch (Task{task}) {
    case Task::sink:
        while (::recv(fd.get(), block.data(), block.size(), 0) > 0) {}
        break;
    case Task::source:
        while (::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {}
        break;
    case Task::echo: // the client sends one byte and waits for it
        for (ssize_t n; (n = ::recv(fd.get(), block.data(), 1, 0)) > 0;) ::send(fd.get(), block.data(), 1, MSG_NOSIGNAL);
        break;
    }
}

/// More threads than the clients have connections at a time.
[[noreturn]] void serve(std::uint16_t port) {
    const UniqueFd listener = listen_on(INADDR_ANY, port);
    std::vector<std::thread> threads;
    for (int i = 0; i < 24; ++i)
        threads.emplace_back([&] {
            for (;;) serve_one(UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
        });
    threads.front().join();
    ::_exit(0);
}

int forward(std::uint16_t listen_port, std::uint16_t target_port, const std::string& pid) {
    netstack::ForwardPlan plan;
    plan.forwards.push_back({listen_on(INADDR_LOOPBACK, listen_port), target_port});
    Pipe stop = sys::pipe();
    plan.stop = std::move(stop.read);
    const UniqueFd user_ns = sys::open(cat("/proc/", pid, "/ns/user"), O_RDONLY);
    const UniqueFd net_ns = sys::open(cat("/proc/", pid, "/ns/net"), O_RDONLY);
    if (::setns(user_ns.get(), CLONE_NEWUSER) != 0 || ::setns(net_ns.get(), CLONE_NEWNET) != 0)
        throw SysError{errno, cat("join the namespaces of ", pid)};
    netstack::configure_loopback();
    netstack::raise_descriptor_limit();
    return netstack::run_forwards(std::move(plan));
}

struct Case {
    std::string name;
    std::uint16_t port;
    std::string pid; ///< empty: no forwarder
};

/// utime + stime of a process, in seconds (proc_pid_stat(5), fields 14 and 15).
double cpu_seconds(const std::string& pid) {
    if (pid.empty()) return 0;
    std::ifstream file(cat("/proc/", pid, "/stat"));
    std::string skipped;
    for (int i = 0; i < 13; ++i) file >> skipped;
    double user = 0, system = 0;
    file >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Bulk {
    double gbit_per_second;
    double cpu_per_gb; ///< of the forwarder
};

Bulk measure_bulk(const Case& c, Task task, double seconds) {
    const UniqueFd fd = connect_to(c.port);
    send_byte(fd.get(), static_cast<char>(task));
    std::vector<char> block(block_size);
    std::size_t bytes = 0;
    const double cpu_before = cpu_seconds(c.pid);
    const auto start = Clock::now();
    double elapsed = 0;
    while (elapsed < seconds) {
        const ssize_t n = task == Task::sink ? ::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL)
                                             : ::recv(fd.get(), block.data(), block.size(), 0);
        if (n <= 0) throw SysError{errno, cat("bulk transfer through ", c.name)};
        bytes += static_cast<std::size_t>(n);
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    const auto total = static_cast<double>(bytes);
    return {total * 8 / elapsed / 1e9, (cpu_seconds(c.pid) - cpu_before) / (total / 1e9)};
}

/// Median time of a one-byte round trip, in microseconds.
double measure_round_trip(const Case& c, double seconds) {
    const UniqueFd fd = connect_to(c.port);
    send_byte(fd.get(), static_cast<char>(Task::echo));
    std::vector<double> times;
    for (const auto end = Clock::now() + std::chrono::duration<double>(seconds); Clock::now() < end;) {
        const auto start = Clock::now();
        send_byte(fd.get(), 'x');
        if (!receive_byte(fd.get())) throw Error("no answer through ", c.name);
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
    return times[times.size() / 2];
}

/// Connect, one byte there and back, close: times per second, by `threads` clients.
double measure_connects(const Case& c, int threads, double seconds) {
    std::atomic<long> count = 0;
    std::vector<std::thread> clients;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (int i = 0; i < threads; ++i)
        clients.emplace_back([&] {
            const std::string request{static_cast<char>(Task::echo), 'x'};
            while (Clock::now() < end) {
                const UniqueFd fd = connect_to(c.port);
                if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) == 2 && receive_byte(fd.get())) ++count;
            }
        });
    for (std::thread& client : clients) client.join();
    return static_cast<double>(count) / seconds;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

using Values = std::map<std::string, std::map<std::string, std::vector<double>>>; ///< case, metric, one for each round

/// Medians, and in brackets the medians of the ratios to `reference` within each round.
void print_table(const std::vector<Case>& cases, const std::vector<std::string>& metrics, Values& values,
                 const std::string& reference) {
    std::printf("\n%-10s", ("to " + reference).c_str());
    for (const std::string& metric : metrics) std::printf(" %18s", metric.c_str());
    std::printf("\n");
    for (const Case& c : cases) {
        std::printf("%-10s", c.name.c_str());
        for (const std::string& metric : metrics) {
            const auto& mine = values[c.name][metric];
            const auto& other = values[reference][metric];
            std::vector<double> ratios;
            for (std::size_t i = 0; i < mine.size(); ++i)
                if (other[i] > 0) ratios.push_back(mine[i] / other[i]);
            if (ratios.empty())
                std::printf(" %9.2f         ", median(mine));
            else
                std::printf(" %9.2f (%6.2f)", median(mine), median(ratios));
        }
        std::printf("\n");
    }
}

void load(double seconds, int rounds, const std::vector<Case>& cases) {
    const std::vector<std::string> metrics{"up Gbit/s", "down Gbit/s", "RR us", "CRR/s x1", "CRR/s x16", "CPU up s/GB", "CPU down s/GB"};
    Values values;
    for (int round = 0; round < rounds; ++round)
        for (const Case& c : cases) {
            auto& mine = values[c.name];
            const Bulk up = measure_bulk(c, Task::sink, seconds);
            const Bulk down = measure_bulk(c, Task::source, seconds);
            mine["up Gbit/s"].push_back(up.gbit_per_second);
            mine["down Gbit/s"].push_back(down.gbit_per_second);
            mine["CPU up s/GB"].push_back(up.cpu_per_gb);
            mine["CPU down s/GB"].push_back(down.cpu_per_gb);
            mine["RR us"].push_back(measure_round_trip(c, seconds / 2));
            mine["CRR/s x1"].push_back(measure_connects(c, 1, seconds / 2));
            mine["CRR/s x16"].push_back(measure_connects(c, 16, seconds / 2));
        }
    print_table(cases, metrics, values, cases.front().name);
    if (cases.size() > 2) print_table(cases, metrics, values, cases.back().name);
}

Case parse_case(const std::string& word) {
    const auto equals = word.find('=');
    const auto colon = word.find(':', equals);
    if (equals == std::string::npos) throw Error(word, ": expected NAME=PORT[:PID]");
    return {word.substr(0, equals), static_cast<std::uint16_t>(std::stoi(word.substr(equals + 1))),
            colon == std::string::npos ? "" : word.substr(colon + 1)};
}

std::uint16_t port_of(const std::string& word) { return static_cast<std::uint16_t>(std::stoi(word)); }

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() == 2 && words[0] == "serve") serve(port_of(words[1]));
        if (words.size() == 4 && words[0] == "forward") return forward(port_of(words[1]), port_of(words[2]), words[3]);
        if (words.size() >= 4 && words[0] == "load") {
            std::vector<Case> cases;
            for (std::size_t i = 3; i < words.size(); ++i) cases.push_back(parse_case(words[i]));
            load(std::stod(words[1]), std::stoi(words[2]), cases);
            return 0;
        }
        std::fprintf(stderr, "usage: forward_bench serve PORT | forward LISTEN TARGET PID | load SECONDS ROUNDS NAME=PORT[:PID]...\n");
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "forward_bench: %s\n", e.what());
        return 1;
    }
}
