#include "netstack/loopback.h"

#include "netstack/forward.h"

#include "base/error.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

namespace {

/// Exit statuses of the child: which expectation failed.
enum : int { fine, no_namespace, configure_failed, again_failed, cannot_connect, v6_missing, localhost_missing, ports_used_up };

UniqueFd listen_anywhere(std::uint16_t& port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    ::listen(fd.get(), 64); // unbound: on a port of the kernel's choice
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return fd;
}

/// One connection through the forwarder that the client ends first; true when the service got it.
bool visit(std::uint16_t port, const UniqueFd& service) {
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char byte = 'x';
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
    ::shutdown(client.get(), SHUT_WR);
    pollfd arrival{service.get(), POLLIN, 0};
    pollfd refusal{client.get(), POLLIN, 0};
    while (::poll(&arrival, 1, 10) == 0)
        if (::poll(&refusal, 1, 0) > 0) return false;
    UniqueFd server(::accept4(service.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const bool ended = ::recv(server.get(), &byte, 1, 0) == 0;
    server.reset();
    return ended && ::recv(client.get(), &byte, 1, 0) == 0;
}

/// With 20 local ports: 10 connections, a pause longer than TIME_WAIT's on loopback (1 s), as many again, three times.
int visit_often() {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return no_namespace;
    try {
        netstack::configure_loopback();
        std::uint16_t service_port = 0, port = 0;
        const UniqueFd service = listen_anywhere(service_port);
        netstack::ForwardPlan plan;
        plan.forwards.push_back({listen_anywhere(port), service_port});
        Pipe stop = sys::pipe();
        plan.stop = std::move(stop.read);
        sys::write_all(sys::open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY).get(), "20001 20020", "port range");
        std::thread([&plan] { (void)netstack::run_forwards(std::move(plan)); }).detach();
        for (int round = 0; round < 3; ++round) {
            if (round > 0) ::usleep(2'100'000);
            for (int i = 0; i < 10; ++i)
                if (!visit(port, service)) return ports_used_up;
        }
        return fine;
    } catch (const Error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return configure_failed;
    }
}

int run_in_child(int (*body)()) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(body());
    const int status = sys::wait_child(pid);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == no_namespace) MESSAGE("skipped: no user namespace to be had here");
    return WEXITSTATUS(status) == no_namespace ? int{fine} : WEXITSTATUS(status);
}

bool connects(const sockaddr* from, const sockaddr* to, socklen_t size) {
    sockaddr_storage bound{};
    socklen_t bound_size = sizeof bound;
    const UniqueFd server(::socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd client(::socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::bind(server.get(), to, size) == 0 && ::listen(server.get(), 1) == 0
           && ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&bound), &bound_size) == 0
           && ::bind(client.get(), from, size) == 0
           && ::connect(client.get(), reinterpret_cast<sockaddr*>(&bound), bound_size) == 0;
}

bool connects_v4(in_addr from, in_addr to) {
    sockaddr_in source{}, target{};
    source.sin_family = target.sin_family = AF_INET;
    source.sin_addr = from;
    target.sin_addr = to;
    return connects(reinterpret_cast<sockaddr*>(&source), reinterpret_cast<sockaddr*>(&target), sizeof target);
}

bool connects_v6(const in6_addr& from, const in6_addr& to) {
    sockaddr_in6 source{}, target{};
    source.sin6_family = target.sin6_family = AF_INET6;
    source.sin6_addr = from;
    target.sin6_addr = to;
    return connects(reinterpret_cast<sockaddr*>(&source), reinterpret_cast<sockaddr*>(&target), sizeof target);
}

int configure_and_connect() {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return no_namespace;
    const bool has_v6 = ::access("/proc/net/if_inet6", F_OK) == 0;
    const auto addresses = netstack::default_addresses();
    try {
        netstack::configure_loopback();
    } catch (const Error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return configure_failed;
    }
    try {
        netstack::configure_loopback();
    } catch (const Error&) {
        return again_failed;
    }
    if (!connects_v4(addresses.gateway_v4, addresses.container_v4)) return cannot_connect;
    for (int tries = 0; has_v6 && !connects_v6(addresses.gateway_v6, addresses.container_v6); ++tries) {
        if (tries == 200) return v6_missing;
        ::usleep(10'000); // the kernel finishes an IPv6 address in a work queue, even on lo
    }
    const in_addr localhost{htonl(INADDR_LOOPBACK)};
    return connects_v4(localhost, localhost) ? fine : localhost_missing;
}

} // namespace

TEST_CASE("configure_loopback gives a new network namespace the gateway's and the container's address") {
    CHECK(run_in_child(configure_and_connect) == fine);
}

TEST_CASE("many short connections do not use up the container's ports") {
    CHECK(run_in_child(visit_often) == fine);
}
