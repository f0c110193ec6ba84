#include "storage/fuse/readers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using storage::fuse::Helper;
using storage::fuse::Readers;
using Kind = Readers::Kind;

TEST_CASE("the turn stays with who has it until the follower is called") {
    Readers readers;
    REQUIRE(readers.take(Kind::any));
    CHECK(readers.stays(Kind::any));
    CHECK(!readers.call_follower()); // it does not wait for its turn
    CHECK(readers.stays(Kind::any));
}

TEST_CASE("the follower has its turns between being called and dismissed, the others the rest") {
    Readers readers;
    std::atomic<int> followed{0};
    REQUIRE(readers.take(Kind::any));
    std::jthread follower([&] {
        while (readers.take(Kind::follower)) {
            while (readers.stays(Kind::follower))
                if (++followed % 3 == 0) readers.dismiss_follower();
            readers.give();
        }
    });
    for (int i = 1; i <= 20; ++i) {
        while (!readers.call_follower()) std::this_thread::yield();
        CHECK(!readers.stays(Kind::any));
        readers.give();
        REQUIRE(readers.take(Kind::any)); // when it has been dismissed
        CHECK(followed == 3 * i);
    }
    readers.finish();
}

TEST_CASE("one at a time") {
    Readers readers;
    int in_turn = 0; // guarded by the turn
    int most = 0, turns = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 500 && readers.take(Kind::any); ++n) {
                most = std::max(most, ++in_turn);
                ++turns;
                --in_turn;
                readers.give();
            }
        });
    threads.clear();
    CHECK(most == 1);
    CHECK(turns == 2000);
}

TEST_CASE("nobody waits for a turn when it is over") {
    Readers readers;
    REQUIRE(readers.take(Kind::any));
    std::atomic<int> ended{0};
    std::vector<std::jthread> threads;
    for (const Kind kind : {Kind::any, Kind::follower, Kind::any})
        threads.emplace_back([&, kind] { ended += readers.take(kind) ? 0 : 1; });
    readers.finish();
    threads.clear();
    CHECK(ended == 3);
    CHECK(!readers.stays(Kind::any));
}

TEST_CASE("a helper does the work in its own thread and hands back what came of it") {
    Helper helper;
    std::thread::id worker;
    std::jthread thread([&] {
        worker = std::this_thread::get_id();
        helper.serve();
    });
    std::thread::id done_by;
    for (int i = 0; i < 100; ++i) CHECK(helper.run([&] {
        done_by = std::this_thread::get_id();
        return i;
    }) == i);
    CHECK(done_by == worker);
    CHECK(done_by != std::this_thread::get_id());
    helper.finish();
}
