#include "lib/ulimit.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>

namespace {

oci::Rlimit find(const std::vector<oci::Rlimit>& limits, const std::string& type) {
    const auto found = std::ranges::find(limits, type, &oci::Rlimit::type);
    REQUIRE_MESSAGE(found != limits.end(), type);
    CHECK(std::ranges::count(limits, type, &oci::Rlimit::type) == 1);
    return *found;
}

} // namespace

TEST_CASE("one number is both limits, and a later word replaces an earlier one and the default") {
    const auto limits = lib::process_limits({"nofile=5", "nofile=10:20", "CORE=0", "cpu=-1"});
    CHECK(find(limits, "RLIMIT_NOFILE").soft == 10);
    CHECK(find(limits, "RLIMIT_NOFILE").hard == 20);
    CHECK(find(limits, "RLIMIT_CORE").hard == 0);
    CHECK(find(limits, "RLIMIT_CPU").soft == RLIM_INFINITY);
}

TEST_CASE("host takes all of the caller's limits") {
    struct rlimit own {};
    REQUIRE(::getrlimit(RLIMIT_STACK, &own) == 0);
    const auto limits = lib::process_limits({"host"});
    CHECK(find(limits, "RLIMIT_STACK").soft == own.rlim_cur);
    CHECK(find(limits, "RLIMIT_STACK").hard == own.rlim_max);
    CHECK(limits.size() == 16);
}

TEST_CASE("a limit above the caller's own is refused with it") {
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlim_t most = before.rlim_max;
    if (most == RLIM_INFINITY) return;
    const std::string text = error_text([&] { lib::process_limits({"nofile=" + std::to_string(most + 1)}); });
    CHECK(text.find("your own hard limit is " + std::to_string(most)) != std::string::npos);
}

TEST_CASE("what is no limit is named") {
    for (const char* bad : {"nofile", "lunch=1", "nofile=", "nofile=x", "nofile=2:1", "nofile=1:", "nofile=-2"})
        CHECK_MESSAGE(error_text([&] { lib::process_limits({bad}); }).starts_with(std::string("--ulimit ") + bad + ": "), bad);
}
