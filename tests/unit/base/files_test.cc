#include "base/files.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace {

struct TempDir {
    std::string path = [] {
        char name[] = "/tmp/ctl-files-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return std::string(name);
    }();
    UniqueFd fd = files::open_dir(path);
    ~TempDir() { files::remove_tree(AT_FDCWD, path); }
};

} // namespace

TEST_CASE("a record is replaced whole and leaves no temporary file") {
    TempDir dir;
    files::write_atomic(dir.fd.get(), "record", "old", 0600, files::Durability::none);
    files::write_atomic(dir.fd.get(), "record", "new", 0600, files::Durability::synced);
    CHECK(files::read(dir.fd.get(), "record") == "new");
    CHECK(files::list(dir.fd.get(), ".") == std::vector<std::string>{"record"});
}

TEST_CASE("reading refuses what is not a regular file instead of hanging") {
    TempDir dir;
    REQUIRE(::mkfifoat(dir.fd.get(), "fifo", 0600) == 0);
    CHECK_THROWS_WITH_AS(files::read(dir.fd.get(), "fifo"), "fifo: not a regular file", Error);
    CHECK_FALSE(files::find(dir.fd.get(), "missing"));
}

TEST_CASE("reading refuses more than the limit") {
    TempDir dir;
    files::write_atomic(dir.fd.get(), "big", std::string(100, 'x'), 0600, files::Durability::none);
    CHECK_THROWS_AS(files::read(dir.fd.get(), "big", 99), Error);
    CHECK(files::read(dir.fd.get(), "big", 100).size() == 100);
}

TEST_CASE("remove_tree removes a tree that is deeper than there are descriptors") {
    const TempDir dir;
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    UniqueFd at = sys::dup(dir.fd.get());
    for (int level = 0; level < 1500; ++level) {
        sys::mkdir_at(at.get(), level == 0 ? "t" : "d", 0700);
        at = files::open_dir_at(at.get(), level == 0 ? "t" : "d");
    }
    at.reset();
    const struct rlimit few {200, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    files::remove_tree(dir.fd.get(), "t");
    CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_FALSE(sys::find_stat_at(dir.fd.get(), "t"));
}

TEST_CASE("remove_tree removes unreadable directories and does not follow links") {
    TempDir dir;
    TempDir outside;
    files::write_atomic(outside.fd.get(), "keep", "1", 0600, files::Durability::none);
    sys::ensure_dir(dir.path + "/t/a/b", 0700);
    sys::symlink_at(outside.path, dir.fd.get(), "t/a/link");
    REQUIRE(::fchmodat(dir.fd.get(), "t/a", 0, 0) == 0);
    files::remove_tree(dir.fd.get(), "t");
    CHECK(files::list(dir.fd.get(), ".").empty());
    CHECK(files::read(outside.fd.get(), "keep") == "1");
}

TEST_CASE("what is to be made is made behind the links that lead there") {
    TempDir dir;
    files::write_atomic(dir.fd.get(), "file", "", 0600, files::Durability::none);
    REQUIRE(::symlinkat("file", dir.fd.get(), "link") == 0);
    REQUIRE(::symlinkat("link", dir.fd.get(), "second") == 0);
    REQUIRE(::symlinkat("later", dir.fd.get(), "dangling") == 0);
    REQUIRE(::symlinkat("circle", dir.fd.get(), "circle") == 0);
    CHECK(files::behind_links(dir.path + "/second") == dir.path + "/file");
    CHECK(files::behind_links(dir.path + "/dangling") == dir.path + "/later");
    CHECK(files::behind_links(dir.path + "/new") == dir.path + "/new");
    CHECK_THROWS_AS(files::behind_links(dir.path + "/circle"), SysError);
}
