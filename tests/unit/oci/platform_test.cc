#include "base/oci/platform.h"

#include "base/error.h"

#include <doctest/doctest.h>

TEST_CASE("platform words, with the names other tools use") {
    CHECK(oci::parse_platform("linux/amd64") == oci::Platform{"linux", "amd64", ""});
    CHECK(oci::parse_platform("x86_64") == oci::Platform{"linux", "amd64", ""});
    CHECK(oci::parse_platform("aarch64") == oci::Platform{"linux", "arm64", ""});
    CHECK(oci::parse_platform("linux/armhf") == oci::Platform{"linux", "arm", "v7"});
    CHECK(oci::parse_platform("linux/arm/v6") == oci::Platform{"linux", "arm", "v6"});
    for (const char* bad : {"", "linux/", "/amd64", "linux/arm/v7/x", "Linux/AMD64", "linux/../x"})
        CHECK_THROWS_AS(oci::parse_platform(bad), Error);
}

TEST_CASE("a machine runs images of its own and lower variants, the highest first") {
    const oci::Platform v7{"linux", "arm", "v7"};
    CHECK(oci::platform_match(v7, {"linux", "arm", "v8"}) == 0);
    CHECK(oci::platform_match(v7, {"linux", "arm", "v7"}) > oci::platform_match(v7, {"linux", "arm", "v6"}));
    CHECK(oci::platform_match(v7, {"linux", "arm", "v6"}) > 0);
    CHECK(oci::platform_match({"linux", "arm64", ""}, {"linux", "arm64", "v8"}) > 0);
    CHECK(oci::platform_match({"linux", "amd64", ""}, {"linux", "amd64", "v3"}) == 0);
    CHECK(oci::platform_match({"linux", "amd64", ""}, {"windows", "amd64", ""}) == 0);
}
