#include "base/timer.h"

#include "base/sys.h"

#include <doctest/doctest.h>

using std::chrono::milliseconds;

TEST_CASE("a timer is over once, after its time, and can be set again") {
    Timer timer;
    CHECK_FALSE(sys::wait_readable(timer.fd(), milliseconds(0)));
    CHECK_FALSE(timer.take());
    for (const auto time : {milliseconds(0), milliseconds(20)}) {
        REQUIRE(timer.try_set(time));
        CHECK(sys::wait_readable(timer.fd(), milliseconds(10'000)));
        CHECK(timer.take());
        CHECK_FALSE(timer.take());
    }
}

TEST_CASE("setting a timer again forgets what was over, and what it was set to") {
    Timer timer;
    REQUIRE(timer.try_set(milliseconds(0)));
    CHECK(sys::wait_readable(timer.fd(), milliseconds(10'000)));
    REQUIRE(timer.try_set(std::chrono::hours(1)));
    CHECK_FALSE(timer.take());
}
