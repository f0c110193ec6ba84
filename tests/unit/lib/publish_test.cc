#include "lib/publish.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

using lib::parse_publish;
using lib::PortMapping;

namespace {

std::string error_of(std::string_view word) {
    try {
        parse_publish(word);
    } catch (const Error& e) {
        return e.what();
    }
    return "accepted";
}

std::string listen_error(const std::vector<PortMapping>& mappings) {
    try {
        lib::open_listeners(mappings);
    } catch (const Error& e) {
        return e.what();
    }
    return "opened";
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool connects(int family, const char* ip, std::uint16_t port) {
    const UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v4->sin_port = htons(port); // at the same place in both
    ::inet_pton(family, ip, family == AF_INET ? static_cast<void*>(&v4->sin_addr) : static_cast<void*>(&v6->sin6_addr));
    return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), family == AF_INET ? sizeof *v4 : sizeof *v6) == 0;
}

bool has_ipv6() { return ::access("/proc/net/if_inet6", F_OK) == 0; }

} // namespace

TEST_CASE("-p words") {
    using Mappings = std::vector<PortMapping>;
    CHECK(parse_publish("80") == Mappings{{"", 0, 80}});
    CHECK(parse_publish("80/tcp") == Mappings{{"", 0, 80}});
    CHECK(parse_publish("8080:80") == Mappings{{"", 8080, 80}});
    CHECK(parse_publish("8080:80/tcp") == Mappings{{"", 8080, 80}});
    CHECK(parse_publish("53:53/udp") == Mappings{{"", 53, 53, lib::Transport::udp}});
    CHECK(parse_publish("[::1]::53/udp") == Mappings{{"::1", 0, 53, lib::Transport::udp}});
    CHECK(parse_publish("127.0.0.1:8080:80") == Mappings{{"127.0.0.1", 8080, 80}});
    CHECK(parse_publish("127.0.0.1::80") == Mappings{{"127.0.0.1", 0, 80}});
    CHECK(parse_publish("0.0.0.0:1:65535") == Mappings{{"0.0.0.0", 1, 65535}});
    CHECK(parse_publish("[::1]:8080:80") == Mappings{{"::1", 8080, 80}});
    CHECK(parse_publish("[::1]::80") == Mappings{{"::1", 0, 80}});
    CHECK(parse_publish("8000-8002:80-82") == Mappings{{"", 8000, 80}, {"", 8001, 81}, {"", 8002, 82}});
    CHECK(parse_publish("80-81") == Mappings{{"", 0, 80}, {"", 0, 81}});
    CHECK(parse_publish("127.0.0.1::80-81") == Mappings{{"127.0.0.1", 0, 80}, {"127.0.0.1", 0, 81}});
    CHECK(parse_publish("65535-65535:1-1") == Mappings{{"", 65535, 1}});
    CHECK(parse_publish("1-65535:1-65535").size() == 65535);
}

TEST_CASE("-p words that are refused, and why") {
    CHECK(contains(error_of("53:53/sctp"), "sctp ports is not supported"));
    CHECK(contains(error_of("53:53/icmp"), "unknown protocol \"icmp\""));
    CHECK(contains(error_of("80/"), "unknown protocol \"\""));
    for (const char* word : {"0", "65536", "0:80", "80:0", "65536:80", "80:65536", "0-1", "65535-65536", "99999999999:80"})
        CHECK_MESSAGE(contains(error_of(word), "is not between 1 and 65535"), word);
    for (const char* word : {"", "http", "80:", "-1", "80-", "-80:80", "8 0", "+80", "0x50", "80:http", "127.0.0.1:80", "1-2-3", "::"})
        CHECK_MESSAGE(error_of(word).starts_with(cat("-p ", word, ": ")), word);
    CHECK(contains(error_of("81-80"), "runs backwards"));
    CHECK(contains(error_of("8000-8010:80-89"), "different lengths: 11 host ports for 10"));
    CHECK(contains(error_of("8000:80-81"), "different lengths"));
    CHECK(contains(error_of(":80"), "host port is empty"));
    CHECK(contains(error_of("::80"), "host address is empty"));
    CHECK(contains(error_of("::1:8080:80"), "needs brackets"));
    CHECK(contains(error_of("[::1:8080:80"), "is written [address]"));
    CHECK(contains(error_of("[::1]8080:80"), "is written [address]"));
    CHECK(contains(error_of("[]:8080:80"), "host address is empty"));
    CHECK(contains(error_of("localhost:8080:80"), "\"localhost\" is not an IPv4 or IPv6 address"));
    CHECK(contains(error_of("127.1:8080:80"), "is not an IPv4 or IPv6 address"));
}

TEST_CASE("a chosen port is reported and listens") {
    const auto listeners = lib::open_listeners(parse_publish("127.0.0.1::80-81"));
    REQUIRE(listeners.size() == 2);
    CHECK(listeners[0].resolved.host_port != 0);
    CHECK(listeners[0].resolved.host_port != listeners[1].resolved.host_port);
    CHECK(listeners[0].resolved.container_port == 80);
    CHECK(connects(AF_INET, "127.0.0.1", listeners[1].resolved.host_port));
    CHECK((::fcntl(listeners[0].fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("without an address a port listens on IPv4 and IPv6") {
    const auto listeners = lib::open_listeners(parse_publish("80"));
    CHECK(listeners[0].resolved.host_ip == "0.0.0.0");
    CHECK(connects(AF_INET, "127.0.0.1", listeners[0].resolved.host_port));
    if (has_ipv6()) CHECK(connects(AF_INET6, "::1", listeners[0].resolved.host_port));
}

TEST_CASE("a port published on one address is on no other") {
    const auto v4 = lib::open_listeners(parse_publish("127.0.0.1::80"));
    CHECK_FALSE(connects(AF_INET, "127.0.0.2", v4[0].resolved.host_port));
    CHECK_FALSE(connects(AF_INET6, "::1", v4[0].resolved.host_port));
    if (!has_ipv6()) return;
    const auto v6 = lib::open_listeners(parse_publish("[::]::80"));
    CHECK(connects(AF_INET6, "::1", v6[0].resolved.host_port));
    CHECK_FALSE(connects(AF_INET, "127.0.0.1", v6[0].resolved.host_port));
}

TEST_CASE("a port in use is an error that names the port and the holder") {
    const auto holder = lib::open_listeners(parse_publish("127.0.0.1::80"));
    const std::uint16_t port = holder[0].resolved.host_port;
    CHECK(listen_error({{"127.0.0.1", port, 80}})
          == cat("port ", port, "/tcp on 127.0.0.1 is already in use by another -p of this command"));
    CHECK(contains(listen_error({{"", port, 80}}), cat("port ", port, "/tcp on 0.0.0.0 is already in use")));
    CHECK(listen_error({{"127.0.0.2", port, 80}}) == "opened");
}

TEST_CASE("an address that the host does not have is an error") {
    CHECK(contains(listen_error({{"192.0.2.1", 8080, 80}}), "the host has no such address")); // RFC 5737 TEST-NET-1
}

TEST_CASE("a reserved port is an error with a way out, none of them being root") {
    const std::string error = listen_error({{"127.0.0.1", 1, 80}});
    if (error == "opened") {
        MESSAGE("skipped: this process may open port 1");
        return;
    }
    CHECK(contains(error, "ports below "));
    CHECK(contains(error, "-p 8080:80"));
    CHECK(contains(error, "net.ipv4.ip_unprivileged_port_start=1"));
    CHECK(contains(error, "CAP_NET_BIND_SERVICE"));
    CHECK_FALSE(contains(error, "root"));
}
