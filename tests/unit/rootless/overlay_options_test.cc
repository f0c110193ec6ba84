#include "rootless/overlay_options.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using Paths = std::vector<std::string>;

rootless::OverlayDirectories parse(std::vector<std::string> options) {
    return rootless::overlay_directories({"/there", "overlay", "overlay", std::move(options)});
}

} // namespace

TEST_CASE("the directories of an overlay, whatever characters are in their names") {
    const auto found = parse({"nosuid", rootless::lowerdir_option({"/a:b", "/c\\d"}), "upperdir=/u", "workdir=/w"});
    CHECK(found.lower == Paths{"/a:b", "/c\\d"});
    CHECK(found.data.empty());
    CHECK(found.upper == "/u");
    CHECK(found.work == "/w");
}

TEST_CASE("directories of data alone come after two colons") {
    const auto found = parse({rootless::lowerdir_option({"/a", "/b"}, {"/d:1", "/d2"})});
    CHECK(found.lower == Paths{"/a", "/b"});
    CHECK(found.data == Paths{"/d:1", "/d2"});
    CHECK(rootless::lowerdir_option({"/a"}, {"/d"}) == "lowerdir=/a::/d");
}

TEST_CASE("what is no overlay of absolute directories is refused") {
    CHECK_THROWS_AS(parse({}), Error);
    CHECK_THROWS_AS(parse({"lowerdir=a"}), Error);
    CHECK_THROWS_AS(parse({"lowerdir=/a::b"}), Error);
    CHECK_THROWS_AS(parse({"lowerdir=/a", "upperdir=u"}), Error);
    CHECK_THROWS_AS(parse({"lowerdir=/a", "redirect_dir=on"}), Error);
}
