#include "netstack/slab.h"

#include <doctest/doctest.h>

#include <vector>

using netstack::Slab;

TEST_CASE("a slab is full at its capacity and reuses what comes back") {
    Slab<int> slab;
    REQUIRE(slab.reserve(2) == 0);
    const auto first = slab.take();
    const auto second = slab.take();
    CHECK(first != second);
    CHECK(slab.full());
    slab.give_back(first);
    CHECK_FALSE(slab.full());
    CHECK(slab.take() == first);
}

TEST_CASE("a reference to an earlier use of an entry finds nothing") {
    Slab<int> slab;
    REQUIRE(slab.reserve(4) == 0);
    const auto index = slab.take();
    const auto stale = slab.generation(index);
    CHECK(stale != 0);
    CHECK(slab.find(index, stale) == &slab[index]);
    slab.give_back(index);
    CHECK(slab.find(index, stale) == nullptr);
    REQUIRE(slab.take() == index);
    CHECK(slab.find(index, stale) == nullptr);
    CHECK(slab.find(3, 1) == nullptr);
}

TEST_CASE("entries are constructed, destroyed, and visited while in use") {
    static int alive = 0;
    struct Counted {
        Counted() { ++alive; }
        ~Counted() { --alive; }
    };
    {
        Slab<Counted> slab;
        REQUIRE(slab.reserve(8) == 0);
        for (int i = 0; i < 5; ++i) slab.take();
        slab.give_back(1);
        CHECK(alive == 4);
        std::vector<std::uint32_t> visited;
        slab.for_each([&](std::uint32_t index) {
            visited.push_back(index);
            if (index == 2) slab.give_back(index);
        });
        CHECK(visited == std::vector<std::uint32_t>{0, 2, 3, 4});
        CHECK(alive == 3);
    }
    CHECK(alive == 0);
}
