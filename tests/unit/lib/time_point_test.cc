#include "lib/time_point.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

namespace {

constexpr std::int64_t second = 1'000'000'000;

std::string formatted(std::int64_t ns) {
    const auto text = lib::format_rfc3339(ns);
    return {text.data(), text.size()};
}

} // namespace

TEST_CASE("times are written in one form and read back exactly") {
    CHECK(formatted(0) == "1970-01-01T00:00:00.000000000Z");
    CHECK(formatted(1'795'341'600 * second + 123'456'789) == "2026-11-22T10:00:00.123456789Z");
    CHECK(formatted(-1) == "1969-12-31T23:59:59.999999999Z");
    for (const std::int64_t ns : {INT64_C(0), INT64_C(-1), INT64_C(1'709'208'000'000'000'001), INT64_C(4'102'444'799'999'999'999)})
        CHECK(lib::parse_rfc3339(formatted(ns)) == ns);
}

TEST_CASE("RFC 3339 with zones and fractions, and nothing else") {
    CHECK(lib::parse_rfc3339("2026-11-22T11:00:00+01:00") == 1'795'341'600 * second);
    CHECK(lib::parse_rfc3339("2026-11-22T04:30:00.5-05:30") == 1'795'341'600 * second + second / 2);
    for (const char* text : {"", "2026-11-22", "2026-11-22T10:00:00", "2026-13-22T10:00:00Z", "2026-02-29T10:00:00Z",
                             "2026-11-22T24:00:00Z", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.1234567890Z",
                             "2026-11-22T10:00:00Zx", "2026-11-22 10:00:00Z", "9999-11-22T10:00:00Z", "-026-11-22T10:00:00Z"}) {
        CAPTURE(text);
        CHECK_FALSE(lib::parse_rfc3339(text));
    }
}

TEST_CASE("points of time as users write them") {
    REQUIRE(::setenv("TZ", "XXX-2", 1) == 0); // two hours east
    ::tzset();
    constexpr std::int64_t now = 1'795'341'600 * second;
    const struct {
        const char* text;
        std::int64_t ns;
    } cases[] = {
        {"10m", now - 600 * second},
        {"1h30m", now - 5400 * second},
        {"1.5h", now - 5400 * second},
        {"300ms", now - 300'000'000},
        {"2us", now - 2000},
        {"1700000000", 1'700'000'000 * second},
        {"1700000000.25", 1'700'000'000 * second + second / 4},
        {"0", 0},
        {"2026-11-22T10:00:00Z", now},
        {"2026-11-22T10:00:00.000000001Z", now + 1},
        {"2026-11-22T12:00:00", now},
        {"2026-11-22T12:00", now},
        {"2026-11-22 12:00:00", now},
        {"2026-11-22", now - 12 * 3600 * second},
        {"2026-11-22Z", now - 10 * 3600 * second},
    };
    for (const auto& [text, ns] : cases) {
        CAPTURE(text);
        CHECK(lib::parse_time_point(text, now) == ns);
    }
    for (const char* text : {"", "m", "10x", "10m5", "yesterday", "2026-11", "2026-11-22T", "1e9", "99999999999h", "10 m"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(lib::parse_time_point(text, now), Error);
    }
    ::unsetenv("TZ");
    ::tzset();
}
