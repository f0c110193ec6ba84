#include "storage/fuse/callers.h"

#include <doctest/doctest.h>

using storage::fuse::Callers;
using Advice = Callers::Advice;

namespace {

/// The last one's.
Advice ask(Callers& callers, pid_t thread, int times, bool is_quick = true) {
    Advice last = Advice::go_on;
    for (int i = 0; i < times; ++i) last = callers.note(thread, is_quick);
    return last;
}

} // namespace

TEST_CASE("who asks eight times in a row is followed") {
    Callers callers;
    CHECK(ask(callers, 5, 7) == Advice::go_on);
    CHECK(callers.followed() == 0);
    CHECK(callers.note(5, true) == Advice::look);
    CHECK(callers.followed() == 5);
}

TEST_CASE("two that ask in turns are not followed") {
    Callers callers;
    for (int i = 0; i < 100; ++i) {
        CHECK(callers.note(5, true) == Advice::go_on);
        CHECK(callers.note(6, true) == Advice::go_on);
    }
}

TEST_CASE("who is followed is looked for again after a while, for it may have moved") {
    Callers callers;
    ask(callers, 5, 8);
    CHECK(ask(callers, 5, 15) == Advice::go_on);
    CHECK(callers.note(5, true) == Advice::look); // soon at first
    CHECK(ask(callers, 5, 63) == Advice::go_on);
    CHECK(callers.note(5, true) == Advice::look);
    CHECK(callers.note(5, true) == Advice::go_on);
}

TEST_CASE("another one that asks four times in a row is followed instead") {
    Callers callers;
    ask(callers, 5, 8);
    CHECK(ask(callers, 6, 3) == Advice::go_on);
    CHECK(callers.followed() == 5);
    CHECK(callers.note(6, true) == Advice::look);
    CHECK(callers.followed() == 6);
}

TEST_CASE("when several others ask in turns, nobody is followed any more") {
    Callers callers;
    ask(callers, 5, 8);
    for (int i = 0; i < 7; ++i) CHECK(callers.note(6 + i % 2, true) == Advice::go_on);
    CHECK(callers.note(9, true) == Advice::leave);
    CHECK(callers.followed() == 0);
}

TEST_CASE("who asks now and then beside the one who is followed changes nothing") {
    Callers callers;
    ask(callers, 5, 8);
    for (int i = 0; i < 30; ++i) {
        CHECK(callers.note(6, true) == Advice::go_on);
        CHECK(ask(callers, 5, 1) != Advice::leave);
    }
    CHECK(callers.followed() == 5);
}

TEST_CASE("who moves much content is not followed, or not any more") {
    Callers callers;
    CHECK(ask(callers, 5, 100, false) == Advice::go_on);
    ask(callers, 5, 8);
    CHECK(callers.followed() == 5);
    CHECK(ask(callers, 5, 8, false) == Advice::leave);
}

TEST_CASE("requests of nobody known, the kernel's own, count for nothing") {
    Callers callers;
    for (int i = 0; i < 7; ++i) {
        CHECK(callers.note(5, true) == Advice::go_on);
        CHECK(callers.note(0, true) == Advice::go_on);
    }
    CHECK(callers.note(5, true) == Advice::look);
}

TEST_CASE("nobody is followed before the pause is over") {
    Callers callers;
    ask(callers, 5, 8);
    callers.leave(Callers::Clock::now() + std::chrono::hours(1));
    CHECK(callers.followed() == 0);
    CHECK(ask(callers, 5, 64) == Advice::go_on);
    callers.leave(Callers::Clock::now());
    CHECK(ask(callers, 5, 8) == Advice::look);
}
