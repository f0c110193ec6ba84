#include "cli/suggest.h"

#include "cli/targets.h"
#include "tests/unit/cli/throws.h"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("edit distance counts a swap of neighbours as one") {
    CHECK(cli::edit_distance("", "") == 0);
    CHECK(cli::edit_distance("abc", "") == 3);
    CHECK(cli::edit_distance("run", "rnu") == 1);
    CHECK(cli::edit_distance("images", "imags") == 1);
    CHECK(cli::edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest name, when it is near enough to be meant") {
    const std::vector<std::string_view> names{"run", "rm", "rmi", "images", "inspect"};
    CHECK(cli::nearest("imags", names) == "images");
    CHECK(cli::nearest("inspetc", names) == "inspect");
    CHECK(cli::nearest("rnu", names) == "run");
    CHECK(cli::nearest("xy", names).empty());
    CHECK(cli::nearest("completely", names).empty());
}

TEST_CASE("a failure with one target does not keep the others from their turn") {
    std::vector<std::string> done;
    const auto act = [&](const std::string& name) {
        if (name.starts_with("bad")) throw Error(name);
        done.push_back(name);
    };
    CHECK(error_of([&] { cli::for_each_target({"a", "bad", "b"}, act); }) == "bad");
    CHECK(done == std::vector<std::string>{"a", "b"});
    CHECK_THROWS_AS(cli::for_each_target({"bad1", "a", "bad2"}, act), cli::SeveralErrors);
    CHECK_NOTHROW(cli::for_each_target({"a"}, act));
}

TEST_CASE("names or --all, not both and not neither") {
    const auto targets = [](std::vector<std::string> words) {
        return cli::targets_or_all(cli::parse_command(*cli::find_command("rm"), words),
                                   [] { return std::vector<std::string>{"every"}; });
    };
    CHECK(targets({"a", "b"}) == std::vector<std::string>{"a", "b"});
    CHECK(targets({"--all"}) == std::vector<std::string>{"every"});
    CHECK(error_of([&] { targets({"--all", "a"}); }) == "rm: names and --all exclude each other");
    CHECK(error_of([&] { targets({}); }) == "rm: missing argument CONTAINER, or --all for all");
}
