#include "lib/registry/retry.h"

#include <doctest/doctest.h>

using lib::registry::retry_pause;
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
    CHECK(retry_pause(1, "3600", 0) == 30s);
    CHECK(retry_pause(5, "0", 0) == 0ms);
    CHECK(retry_pause(1, "Thu, 01 Jan 1970 00:00:12 GMT", 0, 2) == 10s);
    CHECK(retry_pause(1, "Thu, 01 Jan 1970 00:00:12 GMT", 0, 20) == 0ms);
    CHECK(retry_pause(1, "soon", 0.5) == 500ms);
    CHECK(retry_pause(1, "-4", 0.5) == 0ms);
}
