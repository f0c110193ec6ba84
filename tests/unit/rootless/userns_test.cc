#include "rootless/userns.h"

#include <doctest/doctest.h>

using rootless::IdRange;
using rootless::parse_subids;

TEST_CASE("ranges of a user follow one another inside, from id 1") {
    const auto ranges = parse_subids("bob:1:2\nalice:100000:65536\nalice:300000:10\n", "alice", 1000);
    CHECK(ranges == std::vector<IdRange>{{1, 100000, 65536}, {65537, 300000, 10}});
}

TEST_CASE("a line may name the uid instead of the user") {
    CHECK(parse_subids("1000:5000:7\n", "alice", 1000) == std::vector<IdRange>{{1, 5000, 7}});
    CHECK(parse_subids("1001:5000:7\n", "alice", 1000).empty());
}

TEST_CASE("malformed lines and ranges beyond 32 bits are skipped") {
    CHECK(parse_subids("alice\nalice:1\nalice:x:1\nalice:1:0\nalice:4294967295:2\n:1:1\n", "alice", 1000).empty());
    CHECK(parse_subids("alice:-1:5\nalice:1:99999999999\n", "alice", 1000).empty());
}
