#include "lib/registry/retry.h"

#include <doctest/doctest.h>

using lib::registry::retry_pause;
using lib::registry::retry_words;
using namespace std::chrono_literals;

TEST_CASE("pauses double, vary by half, and end at thirty seconds") {
    CHECK(retry_pause(1, "", 0.5) == 500ms);
    CHECK(retry_pause(1, "", 0) == 250ms);
    CHECK(retry_pause(1, "", 1) == 750ms);
    CHECK(retry_pause(3, "", 0.5) == 2000ms);
    CHECK(retry_pause(40, "", 1) == 30s);
}

TEST_CASE("the server's wish counts, in seconds or as a date") {
    CHECK(retry_pause(1, "7", 0.9) == 7s);
    CHECK(retry_pause(1, "30", 0) == 30s);
    CHECK(retry_pause(1, "31", 0) == std::nullopt);
    CHECK(retry_pause(1, "21600", 0) == std::nullopt);
    CHECK(retry_pause(1, "99999999999", 0) == std::nullopt);
    CHECK(retry_pause(1, "Fri, 02 Jan 1970 00:00:00 GMT", 0, 2) == std::nullopt);
    CHECK(retry_pause(5, "0", 0) == 0ms);
    CHECK(retry_pause(1, "Thu, 01 Jan 1970 00:00:12 GMT", 0, 2) == 10s);
    CHECK(retry_pause(1, "Thu, 01 Jan 1970 00:00:12 GMT", 0, 20) == 0ms);
    CHECK(retry_pause(1, "soon", 0.5) == 500ms);
    CHECK(retry_pause(1, "-4", 0.5) == 0ms);
}

TEST_CASE("what is said before another attempt") {
    CHECK(retry_words("h: status 503", 1000ms, 1, 3) == "h: status 503, trying again in 1 s (1 of 3)");
    CHECK(retry_words("h: status 429, too many requests; log in", 1403ms, 2, 3) == "h: status 429, too many requests, trying again in 1.5 s (2 of 3)");
    CHECK(retry_words("x", 30s, 3, 3) == "x, trying again in 30 s (3 of 3)");
    CHECK(retry_words("x", 10ms, 1, 1) == "x, trying again in 0.1 s (1 of 1)");
}
