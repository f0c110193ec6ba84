#include "rootless/caps.h"

#include "base/error.h"

#include <doctest/doctest.h>

using namespace rootless;
using Words = std::vector<std::string>;

TEST_CASE("a capability is named with or without prefix, in any case") {
    CHECK(find_capability("CAP_NET_RAW") == 13);
    CHECK(find_capability("net_raw") == 13);
    CHECK(find_capability("cap_Chown") == 0);
    CHECK(find_capability("CAP_CHECKPOINT_RESTORE") == 40);
    for (const char* wrong : {"", "CAP_", "NET", "NET_RAW ", "CAP_CAP_CHOWN", "13"}) CHECK_FALSE(find_capability(wrong));
}

TEST_CASE("numbers and names agree over the whole table") {
    for (int number = 0; number <= 40; ++number) CHECK(find_capability(capability_name(number)) == number);
    CHECK(capability_name(41) == "CAP_41");
}

TEST_CASE("the default set is Podman's eleven") {
    CHECK(capability_names(default_caps())
          == Words{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
                   "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_SETFCAP"});
}

TEST_CASE("additions and removals follow Podman's rules") {
    const CapMask defaults = default_caps();
    const auto combine = [&](Words add, Words drop) { return combine_caps(defaults, add, drop); };
    CHECK(combine({}, {}) == defaults);
    CHECK(combine({"net_raw"}, {"CHOWN"}) == ((defaults | cap_bit(cap::net_raw)) & ~cap_bit(0)));
    CHECK(combine({}, {"all"}) == 0);
    CHECK(combine({"NET_RAW"}, {"ALL"}) == cap_bit(cap::net_raw));
    CHECK(combine({"NET_RAW"}, {"ALL", "CHOWN"}) == cap_bit(cap::net_raw));
    CHECK(combine({"ALL"}, {"SYS_ADMIN"}) == (all_caps() & ~cap_bit(cap::sys_admin)));
    CHECK_THROWS_WITH_AS(combine({"ALL"}, {"ALL"}), "--cap-add ALL and --cap-drop ALL contradict each other", Error);
    CHECK_THROWS_WITH_AS(combine({"KILL"}, {"cap_kill"}), "CAP_KILL is both added and dropped", Error);
    CHECK_THROWS_AS(combine({"NET_ROW"}, {}), Error);
}

TEST_CASE("root keeps the set without inheritable bits, others only what was asked for") {
    const CapMask allowed = combine_caps(default_caps(), Words{"NET_RAW"}, Words{});
    CHECK(process_caps(allowed, Words{"NET_RAW"}, 0)
          == CapSets{.bounding = allowed, .effective = allowed, .permitted = allowed, .inheritable = 0, .ambient = 0});
    const CapMask raw = cap_bit(cap::net_raw);
    CHECK(process_caps(allowed, Words{"NET_RAW"}, 1000)
          == CapSets{.bounding = allowed, .effective = raw, .permitted = raw, .inheritable = raw, .ambient = raw});
    CHECK(process_caps(default_caps(), Words{}, 1000)
          == CapSets{.bounding = default_caps(), .effective = 0, .permitted = 0, .inheritable = 0, .ambient = 0});
}
