#include "lib/version_range.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <initializer_list>

using lib::SemanticVersion;
using lib::VersionRange;

namespace {

int order(const char* a, const char* b) {
    const int order = SemanticVersion::find(a)->compare(*SemanticVersion::find(b));
    return order < 0 ? -1 : order > 0;
}

void check(const char* range, std::initializer_list<const char*> in, std::initializer_list<const char*> out) {
    CAPTURE(range);
    const VersionRange parsed("file", range);
    for (const char* tag : in) CHECK_MESSAGE(parsed.matches(tag), tag);
    for (const char* tag : out) CHECK_FALSE_MESSAGE(parsed.matches(tag), tag);
}

} // namespace

TEST_CASE("what is a version") {
    for (const char* text : {"1", "v1.2", "1.2.3", "1.2.3-rc.1", "1.2.3+build", "0.0.0", "1-rc1"}) CHECK_MESSAGE(SemanticVersion::find(text), text);
    for (const char* text : {"", "latest", "1.2.3.4", "1.", "v", "1.x", "1.2.3_a", "1.2.3-", "99999999999999999999"}) CHECK_FALSE_MESSAGE(SemanticVersion::find(text), text);
}

TEST_CASE("precedence as semver.org's item 11 has it") {
    const char* const rising[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                  "1.0.0",       "1.2.0",         "1.10.0",           "2.0.0"};
    for (std::size_t i = 0; i + 1 < std::size(rising); ++i) {
        CHECK_MESSAGE(order(rising[i], rising[i + 1]) == -1, rising[i]);
        CHECK(order(rising[i + 1], rising[i]) == 1);
    }
    CHECK(order("1.0.0+a", "v1+b") == 0);
}

TEST_CASE("ranges") {
    check("1.2.3", {"1.2.3", "v1.2.3"}, {"1.2.4", "1.2.3-rc1", "latest"});
    check("1.2", {"1.2.0", "1.2.9"}, {"1.3.0", "2.2.0"});
    check("1.x", {"1.0.0", "1.9"}, {"2", "0.9"});
    check("*", {"0.0.1", "7"}, {"1-rc1", "x"});
    check("", {"1"}, {"1-rc1"});
    check("!=1.2", {"1.3.0", "2.2.0"}, {"1.2.0", "1.2.5"});
    check(">1", {"2.0.0"}, {"1.0.1", "1.9.9", "1.0.0"});
    check(">1.2", {"1.3.0"}, {"1.2.9"});
    check(">1.2.3", {"1.2.4", "2"}, {"1.2.3"});
    check("<2", {"1.9.9"}, {"2.0.0", "2.0.0-rc1"});
    check("<=1", {"1.0.0", "1.9.9", "0.1"}, {"2"});
    check(">= 1.2, < 1.4 || 3", {"1.2.0", "1.3.9", "3.1"}, {"1.4.0", "2"});
    check(">=1.2 <1.4", {"1.3"}, {"1.4", "1.1"});
    check("1.2 - 1.4.5", {"1.2.0", "1.4.5"}, {"1.4.6", "1.1.9"});
    check("1.2 - 1.4", {"1.4.9"}, {"1.5"});
    check("~1.2.3", {"1.2.3", "1.2.9"}, {"1.3.0", "1.2.2"});
    check("~1", {"1.0", "1.9"}, {"2.0"});
    check("~>1.2", {"1.2.7"}, {"1.3"});
    check("^1.2.3", {"1.2.3", "1.9.0"}, {"2.0.0", "1.2.2"});
    check("^0.2.3", {"0.2.3", "0.2.9"}, {"0.3.0", "0.2.2", "1.0.0"});
    check("^0.0.3", {"0.0.3"}, {"0.0.4", "0.1.0"});
    check("^0.0", {"0.0.3"}, {"0.1.0"});
    check("^0", {"0.9.0"}, {"1.0.0"});
    check(">=1.2.3-beta", {"1.2.3-rc1", "1.2.3", "2-alpha"}, {"1.2.3-alpha"});
    check("^v1", {"v1.5"}, {"v2"});
}

TEST_CASE("what is no range names its place") {
    for (const char* text : {"latest", ">", "1.2.3.4", "1 -", ">=1 - 2", "1 - >2", "&1", "1.2.3|2"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(VersionRange("f.yaml: r", text), doctest::Contains("f.yaml: r: "), Error);
    }
}
