#include "lib/id_map_option.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::parse_id_maps;
using lib::parse_user_namespace;
using lib::UserNamespaceKind;
using rootless::map_text;
using Words = std::vector<std::string>;

namespace {

const rootless::IdMaps store{{{0, 1000, 1}, {1, 100000, 65536}}, {{0, 1001, 1}, {1, 200000, 65536}}};

std::string uids(const Words& uidmap, const Words& gidmap = {}) { return map_text(parse_id_maps(uidmap, gidmap, store).uids); }
std::string gids(const Words& uidmap, const Words& gidmap = {}) { return map_text(parse_id_maps(uidmap, gidmap, store).gids); }

template <class Call>
std::string error(Call call) {
    try {
        call();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("keep-id shows the user under her own number and moves the others down by one") {
    CHECK(map_text(lib::keep_id_ranges(1000, 65537)) == "0 1 1000\n1000 0 1\n1001 1001 64536\n");
    CHECK(map_text(lib::keep_id_ranges(0, 65537)) == "0 0 1\n1 1 65536\n");
    CHECK(map_text(lib::keep_id_ranges(1000, 1001)) == "0 1 1000\n1000 0 1\n");
    CHECK(map_text(lib::keep_id_ranges(100000, 65537)) == "0 1 65536\n100000 0 1\n");
    CHECK(map_text(lib::keep_id_ranges(1000, 1)) == "1000 0 1\n");
}

TEST_CASE("--userns in its forms") {
    CHECK(parse_user_namespace("").kind == UserNamespaceKind::store);
    CHECK(parse_user_namespace("host").word == "host");
    CHECK(parse_user_namespace("nomap").kind == UserNamespaceKind::nomap);
    const auto kept = parse_user_namespace("keep-id:uid=200,gid=210,size=300");
    CHECK(kept.kind == UserNamespaceKind::keep_id);
    CHECK((kept.uid == 200 && kept.gid == 210 && kept.size == 300));
    CHECK_FALSE(parse_user_namespace("keep-id").uid);
    const auto automatic = parse_user_namespace("auto:size=8192,uidmapping=0:5:1,gidmapping=7:9:2");
    CHECK(automatic.size == 8192);
    CHECK(map_text(automatic.uids) == "0 5 1\n");
    CHECK(map_text(automatic.gids) == "7 9 2\n");
    CHECK(parse_user_namespace("container:web").target == "web");
    CHECK(parse_user_namespace("ns:/x").target == "/x");
}

TEST_CASE("--userns that cannot be understood is named") {
    for (const char* text : {"keep", "keep-id:", "keep-id:uid=", "keep-id:uid=-1", "keep-id:uid=x", "keep-id:size=0", "keep-id:shoe=1",
                             "auto:uid=1", "auto:uidmapping=1:2", "auto:uidmapping=0:0:0", "auto:uidmapping=4294967290:1:10", "nomap:1",
                             "container:", "ns:x", "keep-id:uid=4294967295"}) {
        CAPTURE(text);
        CHECK(error([&] { parse_user_namespace(text); }).find(text) != std::string::npos);
    }
}

TEST_CASE("--uidmap holds for groups too unless --gidmap is given, or it says u") {
    CHECK(uids({"0:1:10"}) == "0 1 10\n");
    CHECK(gids({"0:1:10"}) == "0 1 10\n");
    CHECK(gids({"0:1:10"}, {"0:5:3"}) == "0 5 3\n");
    CHECK(uids({}, {"0:5:3", "g7:8:1"}) == "0 5 3\n");
    CHECK(gids({}, {"0:5:3", "g7:8:1"}) == "0 5 3\n7 8 1\n");
    CHECK(gids({"0:1:10", "u100:50:1"}) == "0 1 10\n");
}

TEST_CASE("the amount is 1 where it is left out") { CHECK(uids({"5:0", "0:1:5"}) == "0 1 5\n5 0 1\n"); }

TEST_CASE("+ takes what it needs out of the mappings before it") {
    CHECK(uids({"0:0:65000", "+100000:1:1"}) == "0 0 1\n2 2 64998\n100000 1 1\n");
    CHECK(uids({"0:0:10", "+3:20:2"}) == "0 0 3\n3 20 2\n5 5 5\n");
}

TEST_CASE("+ alone lets the rest fill the gaps from 0 on") {
    CHECK(uids({"+1000:0:1"}) == "0 1 1000\n1000 0 1\n1001 1001 64536\n");
    CHECK(uids({"+100000:1:1"}) == "0 0 1\n1 2 65535\n100000 1 1\n");
}

TEST_CASE("@ means an id of this machine") {
    CHECK(uids({"7:@1000", "0:@100005:3"}, {"0:0:1"}) == "0 6 3\n7 0 1\n");
    CHECK(error([] { uids({"0:@99:1"}, {"0:0:1"}); }).find("id 99 of this machine is neither yours") != std::string::npos);
    CHECK(error([] { uids({"0:@165535:2"}, {"0:0:1"}); }).find("165536") != std::string::npos);
}

TEST_CASE("mappings that overlap or cannot be read are refused") {
    CHECK(error([] { uids({"0:0:10", "5:20:1"}); }).find("overlap") != std::string::npos);
    CHECK(error([] { uids({"0:0:10", "50:5:1"}); }).find("overlap") != std::string::npos);
    for (const char* text : {"", "0", "0:0:0", "0:0:1:2", "a:0:1", "0:b:1", "0:0:c", "-1:0:1", "4294967295:0:1", "4294967290:0:10", "@0:0:1"}) {
        CAPTURE(text);
        CHECK(error([&] { uids({text}); }) != "no error");
    }
    CHECK(error([] { gids({"u0:0:1"}); }) == "--gidmap: no group is mapped");
}

TEST_CASE("auto takes the lowest range that nobody uses, and never the user herself") {
    CHECK(lib::find_free_range(1024, 65537, {}) == 1);
    CHECK(lib::find_free_range(1024, 65537, {{0, 1, 1024}}) == 1025);
    CHECK(lib::find_free_range(10, 65537, {{0, 1, 5}, {0, 16, 5}}) == 6);
    CHECK(lib::find_free_range(11, 65537, {{0, 16, 5}, {0, 1, 5}}) == 21);
    CHECK(lib::find_free_range(65536, 65537, {}) == 1);
    CHECK_FALSE(lib::find_free_range(65537, 65537, {}));
    CHECK_FALSE(lib::find_free_range(65536, 65537, {{0, 1, 1}}));
}

TEST_CASE("auto keeps the mappings that it is told") {
    CHECK(map_text(lib::automatic_ranges(10, 100, {})) == "0 100 10\n");
    CHECK(map_text(lib::automatic_ranges(10, 100, {{0, 0, 1}})) == "0 0 1\n1 100 9\n");
    CHECK(map_text(lib::automatic_ranges(10, 100, {{5, 7, 2}})) == "0 100 5\n5 7 2\n7 105 3\n");
}
