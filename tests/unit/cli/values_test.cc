#include "cli/values.h"

#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

TEST_CASE("sizes") {
    const std::pair<const char*, std::int64_t> good[] = {
        {"0", 0},          {"512", 512},           {"512b", 512},      {"512m", 512LL << 20}, {"1g", 1LL << 30},
        {"1G", 1LL << 30}, {"1.5k", 1536},         {"64kb", 64 << 10}, {"2GiB", 2LL << 30},   {"1t", 1LL << 40},
        {"1 g", 1LL << 30}, {".5k", 512},          {"1p", 1LL << 50},
    };
    for (const auto& [text, bytes] : good) {
        CAPTURE(text);
        CHECK(cli::parse_size("memory", text) == bytes);
    }
    for (const char* bad : {"", "m", "12q", "-1", "1gg", "1 g b", "1bb", "1e3", "inf", "nan", "0x10", "1,5g", "99999999999t"}) {
        CAPTURE(bad);
        CHECK(error_of([&] { cli::parse_size("memory", bad); }).starts_with("--memory: "));
    }
}

TEST_CASE("whole numbers") {
    CHECK(cli::parse_integer("last", "0", 0) == 0);
    CHECK(cli::parse_integer("pids-limit", "-1", -1) == -1);
    for (const char* bad : {"", "x", "1x", " 1", "-1", "1.5", "99999999999999999999"}) {
        CAPTURE(bad);
        CHECK(error_of([&] { cli::parse_integer("last", bad, 0); }).starts_with("--last: "));
    }
}

TEST_CASE("decimal numbers") {
    CHECK(cli::parse_decimal("cpus", "0.5") == 0.5);
    CHECK(cli::parse_decimal("cpus", "2") == 2.0);
    for (const char* bad : {"", "-1", "0,5", "1e3", "inf", "half"}) {
        CAPTURE(bad);
        CHECK_FALSE(error_of([&] { cli::parse_decimal("cpus", bad); }).empty());
    }
}

TEST_CASE("seconds stay far from where points of time overflow") {
    CHECK(cli::parse_seconds("time", "10") == 10s);
    CHECK(cli::parse_seconds("time", "9223372036854775807") < std::chrono::hours(24 * 366 * 100));
    CHECK_FALSE(error_of([] { cli::parse_seconds("time", "-1"); }).empty());
}

TEST_CASE("durations have units, a bare number is milliseconds") {
    using namespace std::chrono_literals;
    CHECK(cli::parse_duration("interval", "250ms") == 250ms);
    CHECK(cli::parse_duration("interval", "1.5s") == 1500ms);
    CHECK(cli::parse_duration("interval", "1m30s") == 90s);
    CHECK(cli::parse_duration("interval", "500") == 500ms);
    for (const char* wrong : {"", "s", "1x", "1s2", "0", "0s", "-1s", "1.5"}) CHECK_THROWS_AS(cli::parse_duration("interval", wrong), Error);
}
