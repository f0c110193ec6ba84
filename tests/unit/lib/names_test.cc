#include "lib/names.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using lib::check_container_name;

TEST_CASE("names are letters, digits, underscore, dot and hyphen, after a letter or digit") {
    for (const char* name : {"a", "0", "web", "Web_1.2-x", "a..", "0-"}) CHECK_NOTHROW(check_container_name(name));
    for (const char* name : {"", ".", "..", "-rf", "_a", "a/b", "../a", "a b", "a\n", "caf\xc3\xa9", "a:b", "a+b"})
        CHECK_THROWS_AS_MESSAGE(check_container_name(name), Error, name);
    CHECK_THROWS_AS(check_container_name(std::string("a\0b", 3)), Error);
}

TEST_CASE("a name is as long as a file name may be") {
    CHECK_NOTHROW(check_container_name(std::string(255, 'x')));
    CHECK_THROWS_AS(check_container_name(std::string(256, 'x')), Error);
}

TEST_CASE("a bad name is named") {
    CHECK_THROWS_WITH_AS(check_container_name("a/b"),
                         "container name \"a/b\": letters, digits, \"_\", \".\" and \"-\" are allowed, the first one a letter or digit", Error);
}

TEST_CASE("made-up names are good names, and rarely the same") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string name = lib::random_container_name();
        CHECK_NOTHROW(check_container_name(name));
        seen.insert(name);
    }
    CHECK(seen.size() > 90); // a million possibilities
}
