#include "lib/sysctl_option.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>

using lib::parse_sysctl_option;
using Setting = std::pair<std::string, std::string>;

TEST_CASE("settings of the container's namespaces are taken, with dots or slashes") {
    CHECK(parse_sysctl_option("net.ipv4.ip_forward=1", {}) == Setting{"net.ipv4.ip_forward", "1"});
    CHECK(parse_sysctl_option("net/ipv4/ip_forward=1", {}) == Setting{"net.ipv4.ip_forward", "1"});
    CHECK(parse_sysctl_option("net/ipv4/conf/eth0.1/forwarding=1", {}) == Setting{"net.ipv4.conf.eth0/1.forwarding", "1"});
    CHECK(parse_sysctl_option("kernel.sem=1 2 3 4", {}) == Setting{"kernel.sem", "1 2 3 4"});
    CHECK(parse_sysctl_option("fs.mqueue.msg_max=", {}) == Setting{"fs.mqueue.msg_max", ""});
    CHECK(parse_sysctl_option("kernel.domainname=lan", {}) == Setting{"kernel.domainname", "lan"});
}

TEST_CASE("settings of a shared namespace are refused") {
    lib::OwnNamespaces shared{false, false, false};
    for (const char* setting : {"net.a=1", "kernel.shmmax=1", "fs.mqueue.msg_max=1", "kernel.domainname=x"})
        CHECK_MESSAGE(error_text([&] { parse_sysctl_option(setting, shared); }).find("which the container shares") != std::string::npos, setting);
}

TEST_CASE("a default does not concern a container that shares the namespace") {
    CHECK(lib::parse_default_sysctl("net.a=1", {}) == Setting{"net.a", "1"});
    CHECK_FALSE(lib::parse_default_sysctl("net.a=1", {false, true, true}));
    CHECK_FALSE(error_text([] { lib::parse_default_sysctl("vm.swappiness=1", {}); }).empty());
}

TEST_CASE("settings of the whole machine are refused, and so is what leads elsewhere") {
    for (const char* setting : {"vm.swappiness=1", "kernel.panic=1", "kernel.shmx=1", "fs.file-max=1", "netx=1", "a", "=1",
                                "net...kernel.panic=1", "net.a/../b=1"})
        CHECK_MESSAGE(error_text([&] { parse_sysctl_option(setting, {}); }).starts_with("--sysctl "), setting);
    CHECK(error_text([&] { parse_sysctl_option("kernel.hostname=x", {}); }).find("--hostname") != std::string::npos);
}
