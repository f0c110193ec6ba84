#include "lib/network_option.h"

#include "base/error.h"

#include <doctest/doctest.h>

using namespace lib;

TEST_SUITE("lib/network_option") {

TEST_CASE("other modes pass as they are") {
    for (const char* text : {"", "default", "none", "host", "container:web", "ns:/run/netns/a", "bridge:x"}) {
        CHECK(parse_network_option(text).mode == text);
        CHECK(parse_network_option(text).settings.empty());
    }
}

TEST_CASE("options of the default network") {
    const NetworkOption option = parse_network_option("default:host-loopback=true,deny=10.0.0.0/8,allow=::/0,deny=192.0.2.1,mtu=1400");
    CHECK(option.mode == "default");
    const NetworkSettings settings = parse_settings(option.settings);
    CHECK(settings.rules.host_loopback);
    CHECK(settings.rules.deny.size() == 2);
    CHECK(settings.rules.allow.size() == 1);
    CHECK(settings.mtu == 1400);
    CHECK_FALSE(parse_settings({}).rules.host_loopback);
    CHECK_FALSE(parse_settings({}).mtu);
    CHECK(parse_network_option("private:mtu=1400").mode == "private");
}

TEST_CASE("pasta and slirp4netns are the default network") {
    CHECK(parse_network_option("pasta").mode == "default");
    CHECK(parse_network_option("slirp4netns").mode == "default");
    CHECK(parse_network_option("pasta:--map-gw,-m,1400").settings == std::vector<std::string>{"host-loopback=true", "mtu=1400"});
    CHECK(parse_network_option("slirp4netns:allow_host_loopback=true,mtu=65520,enable_ipv6=true").settings ==
          std::vector<std::string>{"host-loopback=true", "mtu=65520"});
}

TEST_CASE("what has no meaning is an error that names it") {
    for (const char* text : {"pasta:-T,8080", "pasta:-m", "slirp4netns:cidr=10.0.0.0/8", "slirp4netns:enable_ipv6=false",
                             "slirp4netns:port_handler=rootlesskit", "default:speed=9", "default:host-loopback", "default:host-loopback=yes",
                             "default:allow=here", "default:deny=10.0.0.0/40", "default:mtu=1000", "default:mtu=70000", "default:mtu=x"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(parse_network_option(text), doctest::Contains(text), Error);
    }
}

} // TEST_SUITE
