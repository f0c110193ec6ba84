#include "lib/name_files.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>

using lib::NameInput;
using lib::NameOptions;

namespace {

NameInput input(const NameOptions& options) { return {options, "default", {"box", "web"}, "10.88.0.2", ""}; }

} // namespace

TEST_CASE("hosts begins with this machine's and ends with the container's own names") {
    CHECK(lib::hosts_file(input({}), "127.0.0.1 localhost\n# a comment\n192.0.2.7\tprinter  printer.lan # upstairs\n")
          == "127.0.0.1\tlocalhost\n192.0.2.7\tprinter printer.lan\n10.88.0.2\tbox web\n");
}

TEST_CASE("localhost is always known") {
    CHECK(lib::hosts_file(input({}), "") == "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.88.0.2\tbox web\n");
}

TEST_CASE("--add-host comes first and takes its names from everybody else") {
    NameOptions options;
    options.add_hosts = {"printer;web:192.0.2.9", "six:[2001:db8::1]"};
    CHECK(lib::hosts_file(input(options), "127.0.0.1 localhost\n192.0.2.7 printer printer.lan\n")
          == "192.0.2.9\tprinter web\n2001:db8::1\tsix\n127.0.0.1\tlocalhost\n192.0.2.7\tprinter.lan\n10.88.0.2\tbox\n");
}

TEST_CASE("host-gateway needs a way to this machine") {
    NameOptions options;
    options.add_hosts = {"gate:host-gateway"};
    NameInput in = input(options);
    CHECK(error_text([&] { lib::hosts_file(in, ""); }).find("no way to this machine") != std::string::npos);
    in.host_address = "192.0.2.1";
    const std::string text = lib::hosts_file(in, "127.0.0.1 localhost\n");
    CHECK(text.starts_with("192.0.2.1\tgate\n"));
    CHECK(text.find("192.0.2.1\thost.containers.internal host.docker.internal\n") != std::string::npos);
}

TEST_CASE("what is no name or no address is named") {
    for (const char* bad : {"a", ":1.2.3.4", "a:1.2.3", "a b:1.2.3.4", ";a:1.2.3.4"}) {
        NameOptions options;
        options.add_hosts = {bad};
        CHECK_MESSAGE(error_text([&] { lib::hosts_file(input(options), ""); }).starts_with("--add-host "), bad);
    }
}

TEST_CASE("a resolver on this machine's loopback is out of reach, except with the host's network") {
    const std::string base = "search lan\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.53\noptions edns0\n";
    CHECK(lib::resolver_file(input({}), base) == "search lan\nnameserver 192.0.2.53\noptions edns0\n");
    const NameOptions options;
    NameInput host = input(options);
    host.network = "host";
    CHECK(lib::resolver_file(host, base) == base);
}

TEST_CASE("--dns and its like replace lines of their kind") {
    const std::string base = "domain lan\nsearch lan\nnameserver 192.0.2.53\noptions edns0\n";
    NameOptions options;
    options.dns = {"1.1.1.1", "2606:4700::1111"};
    CHECK(lib::resolver_file(input(options), base) == "domain lan\nsearch lan\noptions edns0\nnameserver 1.1.1.1\nnameserver 2606:4700::1111\n");
    options.dns_searches = {"a", "b"};
    options.dns_options = {"ndots:2"};
    CHECK(lib::resolver_file(input(options), base) == "search a b\nnameserver 1.1.1.1\nnameserver 2606:4700::1111\noptions ndots:2\n");
    options.dns_searches = {"."};
    CHECK(lib::resolver_file(input(options), base).find("search") == std::string::npos);
}

TEST_CASE("options about names that contradict each other are refused") {
    const auto refusal = [](const NameOptions& options, const char* network) {
        return error_text([&] { lib::check_name_options(options, network); });
    };
    NameOptions options;
    options.no_hosts = true;
    CHECK(refusal(options, "default").empty());
    options.add_hosts = {"a:1.2.3.4"};
    CHECK(refusal(options, "default").find("--add-host") != std::string::npos);
    NameOptions dns;
    dns.dns = {"none"};
    CHECK(refusal(dns, "default").empty());
    CHECK(lib::keeps_image_resolver(dns));
    CHECK(refusal(dns, "none").find("--network=none") != std::string::npos);
    dns.dns = {"1.1.1.1", "none"};
    CHECK(refusal(dns, "default").starts_with("--dns none: "));
}
