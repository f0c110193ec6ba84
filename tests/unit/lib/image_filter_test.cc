// matches_reference: patterns against whole names and their ends.
#include "lib/image_filter.h"

#include <doctest/doctest.h>

TEST_CASE("a reference is matched from a slash on, with or without the tag") {
    const std::string name = "docker.io/library/alpine:3.20";
    for (const char* pattern : {"alpine", "alpine:3.20", "library/alpine", "docker.io/library/alpine:3.20", "alp*", "*:3.20", "*", "library/*", "alpin?"}) {
        CAPTURE(pattern);
        CHECK(lib::matches_reference(pattern, name));
    }
    for (const char* pattern : {"alp", "pine", "alpine:3", "brary/alpine", "io/library/alpine", "alpine:3.20-x", ""}) {
        CAPTURE(pattern);
        CHECK_FALSE(lib::matches_reference(pattern, name));
    }
}

TEST_CASE("the port of a registry is no tag") {
    CHECK(lib::matches_reference("localhost:5000/app", "localhost:5000/app"));
    CHECK(lib::matches_reference("app", "localhost:5000/app"));
    CHECK_FALSE(lib::matches_reference("localhost", "localhost:5000/app"));
}
