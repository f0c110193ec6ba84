// The texts of /proc and of control groups, as top and stats read them.
#include "lib/processes.h"
#include "lib/stats.h"

#include <doctest/doctest.h>

TEST_CASE("stat and status of a process, whatever its name") {
    const lib::ProcessInfo info = lib::parse_process(
        42, "42 (a) b (c)) S 7 42 42 34817 42 4194304 1 2 3 4 150 50 30 20 20 -5 3 0 9000 4096000 10 18446744073709551615 1 1 0",
        "Name:\tx\nUid:\t1000\t1001\t1000\t1000\nGid:\t5\t6\t5\t5\nGroups:\t5 7 \nNSpid:\t42\t3\nNSpgid:\t42\t1\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n");
    CHECK(info.name == "a) b (c)");
    CHECK(info.state == 'S');
    CHECK(info.parent == 7);
    CHECK(info.tty == 34817);
    CHECK(info.user_ticks == 150);
    CHECK(info.system_ticks == 50);
    CHECK(info.child_ticks == 50);
    CHECK(info.nice == -5);
    CHECK(info.threads == 3);
    CHECK(info.start_ticks == 9000);
    CHECK(info.virtual_size == 4096000);
    CHECK(info.real_uid == 1000);
    CHECK(info.effective_uid == 1001);
    CHECK(info.effective_gid == 6);
    CHECK(info.groups == std::vector<gid_t>{5, 7});
    CHECK(info.inner_pids == std::vector<pid_t>{42, 3});
    CHECK(info.inner_group == 1);
    CHECK(info.cap_effective == 0xa80425fb);
    CHECK(info.seccomp == 2);
}

TEST_CASE("ids through a map") {
    const std::string map = "         0       1000          1\n         1     165536      65536\n";
    CHECK(lib::map_id(map, 1000) == 0);
    CHECK(lib::map_id(map, 165536) == 1);
    CHECK(lib::map_id(map, 165536 + 65535) == 65536);
    CHECK(lib::map_id(map, 165536 + 65536) == 65534);
    CHECK(lib::map_id(map, 0) == 65534);
}

TEST_CASE("durations as Go prints them") {
    CHECK(lib::go_duration(0) == "0s");
    CHECK(lib::go_duration(20'386'825'206) == "20.386825206s");
    CHECK(lib::go_duration(500'000'000) == "0.5s");
    CHECK(lib::go_duration(61'000'000'000) == "1m1s");
    CHECK(lib::go_duration(3'600'000'000'000) == "1h0m0s");
}

TEST_CASE("counters") {
    CHECK(lib::parse_counter("usage_usec 12\nsystem_usec 5\n", "system_usec") == 5);
    CHECK(lib::parse_counter("Pss:        1234 kB\nPss_Dirty: 9 kB\n", "Pss") == 1234);
    CHECK(lib::parse_counter("Pss_Dirty: 9 kB\n", "Pss") == 0);
    CHECK(lib::parse_io_stat("8:0 rbytes=100 wbytes=7 rios=1\n8:16 rbytes=1 wbytes=2\n") == std::pair<std::uint64_t, std::uint64_t>(101, 9));
    CHECK(lib::parse_net_dev("Inter-|   Receive\n face |bytes packets\n    lo: 9 1 0 0 0 0 0 0 9 1\n  eth0: 100 1 0 0 0 0 0 0 50 1 0\n tap0:5 0 0 0 0 0 0 0 6 0\n")
          == std::pair<std::uint64_t, std::uint64_t>(105, 56));
}
