#include "netstack/loopback.h"

#include "base/error.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace {

/// Exit statuses of the child: which expectation failed.
enum : int { fine, no_namespace, configure_failed, again_failed, cannot_connect, v6_missing, localhost_missing };

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
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(configure_and_connect());
    const int status = sys::wait_child(pid);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == no_namespace) {
        MESSAGE("skipped: no user namespace to be had here");
        return;
    }
    CHECK(WEXITSTATUS(status) == fine);
}
