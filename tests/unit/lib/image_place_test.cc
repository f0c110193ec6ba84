#include "lib/image_place.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::parse_image_place;

TEST_CASE("places by their transport") {
    CHECK(parse_image_place("docker://busybox").name == "busybox");
    const lib::ImagePlace layout = parse_image_place("oci:/srv/x:team/app:1");
    CHECK(layout.path == "/srv/x");
    CHECK(layout.name == "team/app:1");
    CHECK(parse_image_place("docker-archive:/f.tar").name.empty());
    CHECK(parse_image_place("dir:/d:1").path == "/d:1"); // skopeo's sync names directories so
    CHECK(parse_image_place("oci-archive:/f").is_archive());
    CHECK_FALSE(parse_image_place("oci:/f").is_archive());
    CHECK(parse_image_place("dir:x").path.starts_with('/'));
}

TEST_CASE("a plain name is one of the store") {
    CHECK(parse_image_place("nginx:1").is_store());
    CHECK(parse_image_place("localhost:5000/x:1").name == "localhost:5000/x:1");
    CHECK(parse_image_place("containers-storage:nginx").name == "nginx");
}

TEST_CASE("what is no place, or none that we know") {
    for (const char* text : {"", "docker:busybox", "http://x/y", "docker-daemon:x", "ostree:x", "oci:", "dir:", "containers-storage:",
                             "containers-storage:[overlay@/x]y"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_image_place(text), Error);
    }
}
