#include "lib/user_lookup.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace std::string_literals;
using lib::resolve_user;
using lib::ResolvedUser;
using Gids = std::vector<std::uint32_t>;

namespace {

constexpr const char* passwd = "root:x:0:0:root:/root:/bin/sh\n"
                               "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
                               "alice:x:1000:1000::/home/alice:/bin/sh\n"
                               "1001:x:0:0::/root:/bin/sh\n"      // a name that looks like a number (CVE-2016-3697)
                               "1000:x:0:0::/root:/bin/sh\n"
                               "huge:x:4294967296:1::/:/bin/sh\n" // would wrap to 0
                               "minus:x:-1:1::/:/bin/sh\n"
                               "toor:x:00:0::/:/bin/sh\n"
                               "short:x:7\n"
                               "relative:x:8:8::home:/bin/sh\n";
constexpr const char* group = "root:x:0:\nwheel:x:10:alice,root\nalice:x:1000:\naudio:x:29:bob,alice\n"
                              "audio2:x:29:alice\nnot:x:-5:alice\nstaff:x:50:alicex,xalice\n";

ResolvedUser who(std::string_view spec) { return resolve_user(spec, passwd, group); }

} // namespace

TEST_CASE("a name brings its ids, home and groups") {
    CHECK(who("alice") == ResolvedUser{1000, 1000, {1000, 10, 29}, "/home/alice", "alice"});
    CHECK(who("") == ResolvedUser{0, 0, {0, 10}, "/root", "root"});
    CHECK(who("daemon") == ResolvedUser{1, 1, {1}, "/usr/sbin", "daemon"});
    CHECK(who("relative").home == "/");
}

TEST_CASE("a number is a number, even where a user is called that") {
    CHECK(who("1000") == who("alice"));
    CHECK(who("1001") == ResolvedUser{1001, 0, {0}, "/", ""});
    CHECK(who("0").name == "root");
}

TEST_CASE("a group in the specification replaces all others") {
    CHECK(who("alice:audio") == ResolvedUser{1000, 29, {29}, "/home/alice", "alice"});
    CHECK(who("1:5") == ResolvedUser{1, 5, {5}, "/usr/sbin", "daemon"});
    CHECK(who("1:0").gid == 0);
    CHECK(who(":50") == ResolvedUser{0, 50, {50}, "/root", "root"});
    CHECK(who("65536:65536") == ResolvedUser{65536, 65536, {65536}, "/", ""});
}

TEST_CASE("nothing odd becomes an id (CVE-2024-40635, CVE-2026-46680, CVE-2026-30892)") {
    for (const char* spec : {"4294967295", "4294967296", "2147483648", "18446744073709551616", "-1", "+0", "-0", "1e3", "01",
                             "00", "0x0", "0x1", "1 ", " 0", "1:", "alice:", ":", "1:-1", "1:+0", "1:01", "1:4294967296",
                             "1:2:3", "a b", "a/b", "alice\n", "\x1b[31m", "@alice", "-alice"})
        CHECK_THROWS_AS_MESSAGE(who(spec), Error, spec);
    CHECK_THROWS_AS(who(std::string_view("0\0", 2)), Error);
    CHECK(who("2147483647").uid == 2147483647);
}

TEST_CASE("an entry whose ids are no ids is an error, not root") {
    for (const char* name : {"huge", "minus", "toor", "short"}) CHECK_THROWS_AS_MESSAGE(who(name), Error, name);
    CHECK_THROWS_WITH_AS(who("1:not"), "group not has no valid id in the container's group file", Error);
}

TEST_CASE("unknown names are named") {
    CHECK_THROWS_WITH_AS(who("bob"), "the container has no user \"bob\" in its passwd file", Error);
    CHECK_THROWS_WITH_AS(who("alice:bob"), "the container has no group \"bob\" in its group file", Error);
    CHECK_THROWS_WITH_AS(resolve_user("bob", "", ""), "the container has no user \"bob\" in its passwd file", Error);
    CHECK(resolve_user("1234", "", "") == ResolvedUser{1234, 0, {0}, "/", ""});
}

TEST_CASE("lines with NUL bytes or without structure are no entries") {
    const std::string text = "eve:x:0:0::/\0:/bin/sh\neve:x:5:6::/e:/bin/sh\n"s;
    CHECK(resolve_user("eve", text, "").uid == 5);
    CHECK_THROWS_AS(resolve_user("eve", "eve\n\n::::::\neve:x:0:0:/:/bin/sh\n", ""), Error);
    CHECK(resolve_user("eve", "eve:x:5:6::/e:/bin/sh", "").uid == 5); // no newline at the end
}

TEST_CASE("a hostile group file ends in an error (CVE-2026-47262)") {
    std::string hostile;
    for (int gid = 1; gid < 70000; ++gid) hostile += "g:x:" + std::to_string(gid) + ":alice\n";
    CHECK_THROWS_AS(resolve_user("alice", passwd, hostile), Error);
    const std::string members = "g:x:5:" + std::string(lib::user_file_limit, ',') + "alice";
    CHECK(resolve_user("alice", passwd, members).groups == Gids{1000, 5});
}
