#include "lib/user_files.h"

#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>

using lib::ResolvedUser;
using lib::UserFileOptions;

namespace {

const lib::UserFileTexts image{"root:x:0:0:root:/root:/bin/sh\napp:x:10:10::/app:/bin/sh\n", "root:x:0:\napp:x:10:\n"};
const lib::UserFileTexts machine{"alice:x:1000:1000:Alice:/home/alice:/bin/zsh\nroot:x:0:0:r:/root:/bin/sh\n", "alice:x:1000:\n"};

ResolvedUser user(std::uint32_t uid, std::uint32_t gid) {
    ResolvedUser result;
    result.uid = uid;
    result.gid = gid;
    return result;
}

lib::UserFileTexts missing(const UserFileOptions& options, const ResolvedUser& who, const lib::UserFileTexts& of = image) {
    return lib::missing_user_entries(options, who, of, machine);
}

} // namespace

TEST_CASE("a user that the image knows needs nothing") {
    CHECK(missing({}, user(0, 0)).passwd.empty());
    CHECK(missing({}, user(10, 10)).passwd.empty());
    CHECK(missing({}, user(10, 10)).group.empty());
}

TEST_CASE("an unknown user and an unknown group get an entry each") {
    CHECK(missing({}, user(5, 0)).passwd == "5:*:5:0:container user:/:/bin/sh\n");
    CHECK(missing({}, user(5, 0)).group.empty());
    CHECK(missing({}, user(10, 77)).passwd.empty());
    CHECK(missing({}, user(10, 77)).group == "77:x:77:10\n");
    UserFileOptions off;
    off.passwd = false;
    CHECK(missing(off, user(5, 77)).passwd.empty());
    CHECK(missing(off, user(5, 77)).group.empty());
}

TEST_CASE("an entry of one's own has its variables replaced and is one line") {
    UserFileOptions options;
    options.passwd_entry = "me-$UID:*:${UID}:$GID:$NAME:$HOME:/bin/x";
    options.group_entry = "g-$GID:x:$GID:$USERLIST";
    CHECK(missing(options, user(5, 6)).passwd == "me-5:*:5:6:container user:/:/bin/x\n");
    CHECK(missing(options, user(5, 6)).group == "g-6:x:6:5\n");
    options.passwd_entry = "a\nroot::0:0:::";
    CHECK(error_text([&] { missing(options, user(5, 0)); }).find("one line") != std::string::npos);
}

TEST_CASE("a file without a final newline gets one first") {
    lib::UserFileTexts torn = image;
    torn.passwd.pop_back();
    CHECK(missing({}, user(5, 0), torn).passwd.starts_with("\n5:"));
}

TEST_CASE("users of this machine become known, with their group, and none twice") {
    UserFileOptions options;
    options.host_users = {"alice", "1000", "root"};
    CHECK(missing(options, user(0, 0)).passwd == "alice:*:1000:1000:Alice:/home/alice:/bin/sh\n");
    CHECK(missing(options, user(0, 0)).group == "alice:x:1000:alice\n");
    options.host_users = {"bob"};
    CHECK(error_text([&] { missing(options, user(0, 0)); }).starts_with("--hostuser bob: "));
}
