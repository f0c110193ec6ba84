// The walk that resolves paths without openat2(2), held against openat2(2) itself.
#include "rootless/child_internal.h"

#include "base/files.h"
#include "base/unique_fd.h"

#include <doctest/doctest.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <array>
#include <initializer_list>
#include <random>
#include <string>

using rootless::child::Create;
using rootless::child::open_in_root;
using rootless::child::walk_in_root;

namespace {

struct Root {
    std::string path = [] {
        char name[] = "/tmp/ctl-walk-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return std::string(name);
    }();
    UniqueFd fd;

    Root() {
        REQUIRE(::mkdir((path + "/root").c_str(), 0755) == 0);
        fd = files::open_dir(path + "/root");
    }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    ~Root() { files::remove_tree(AT_FDCWD, path); }

    void dir(const std::string& name) const { REQUIRE(::mkdirat(fd.get(), name.c_str(), 0755) == 0); }
    void file(const std::string& name) const {
        const UniqueFd made(::openat(fd.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        REQUIRE(made);
    }
    void link(const std::string& name, const std::string& target) const {
        REQUIRE(::symlinkat(target.c_str(), fd.get(), name.c_str()) == 0);
    }
    /// The inode of a path without symbolic links; 0 where there is none.
    ino_t inode(const std::string& name) const {
        struct stat st {};
        return ::fstatat(fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
    }
    mode_t type(const std::string& name) const {
        struct stat st {};
        return ::fstatat(fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode & S_IFMT : 0;
    }
};

/// A file found, or -errno.
struct Answer {
    long error = 0;
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Answer&) const = default;
};

Answer answer(long fd) {
    if (fd < 0) return {fd, 0, 0};
    const UniqueFd owner(static_cast<int>(fd));
    struct stat st {};
    REQUIRE(::fstat(owner.get(), &st) == 0);
    return {0, st.st_dev, st.st_ino};
}

Answer ask_kernel(const Root& root, const std::string& path, bool fixed) {
    struct open_how how {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | (fixed ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0);
    long fd = -1;
    do fd = ::syscall(SYS_openat2, root.fd.get(), path.c_str(), &how, sizeof how);
    while (fd < 0 && errno == EAGAIN); // somebody on this machine renamed something while it went up by ".."
    return answer(fd < 0 ? -errno : fd);
}

Answer ask_walk(const Root& root, const std::string& path, Create create = Create::nothing, bool fixed = false) {
    return answer(walk_in_root(root.fd.get(), path.c_str(), create, fixed));
}

void check_same(const Root& root, const std::string& path) {
    for (const bool fixed : {false, true}) {
        const Answer kernel = ask_kernel(root, path, fixed), walk = ask_walk(root, path, Create::nothing, fixed);
        CHECK_MESSAGE(kernel == walk, path.substr(0, 200), fixed ? " (fixed)" : "", ": the kernel says ", kernel.error, " inode ",
                      kernel.inode, ", the walk ", walk.error, " inode ", walk.inode);
    }
}

/// Directories, files, and links of every kind in each other.
void plant(const Root& root) {
    for (const char* name : {"a", "a/b", "a/b/c", "d", "tmp"}) root.dir(name);
    for (const char* name : {"f", "a/f", "a/b/f", "d/f"}) root.file(name);
    root.link("to_a", "a");
    root.link("to_file", "a/f");
    root.link("absolute", "/a/b");
    root.link("a/b/up", "..");
    root.link("a/b/far_up", "../../../../../../..");
    root.link("a/b/out", "../../../../../../../../tmp");
    root.link("a/slash", "b/");
    root.link("file_slash", "f/");
    root.link("file_dot", "f/.");
    root.link("dangling", "nowhere/at/all");
    root.link("d/dangling", "/d/new");
    root.link("self", "self");
    root.link("ping", "pong");
    root.link("pong", "ping");
    root.link("root", "/");
    root.link("here", ".");
    root.link("twice", "to_a/b/../../to_a");
}

} // namespace

TEST_CASE("the walk finds what the kernel finds") {
    const Root root;
    plant(root);
    for (const char* path : {"", "/", "//", ".", "..", "../..", "/..", "a", "a/", "a//b", "/a/b/", "a/.", "a/..", "a/./b/../b/c", "f", "f/",
                             "f/.", "f/..", "f/x", "f//", "missing", "missing/", "missing/..", "a/missing/b", "to_a", "to_a/", "to_a/..",
                             "to_a/f", "to_a/f/", "to_file", "to_file/", "to_file/..", "absolute", "absolute/f", "absolute/..", "a/b/up/f",
                             "a/b/far_up/a", "a/b/out", "a/slash/f", "a/slash", "file_slash", "file_dot", "dangling", "dangling/..",
                             "d/dangling", "self", "self/x", "ping", "root/a", "root/..", "here/here/here/f", "twice/f", "absolute/../b/up/up"})
        check_same(root, path);
}

TEST_CASE("the walk agrees with the kernel on a thousand paths nobody thought of") {
    const Root root;
    plant(root);
    std::mt19937 dice(20261122); // fixed, so that a failure can be had again
    const std::array<const char*, 24> words{"a", "b", "c", "d", "f", "tmp", "up", "out", "to_a", "to_file", "absolute", "far_up", "slash",
                                            "dangling", "root", "here", "twice", "ping", "..", "..", ".", "", "missing", "a"};
    for (int i = 0; i < 1000; ++i) {
        std::string path = dice() % 3 == 0 ? "/" : "";
        for (auto n = 1 + dice() % 6; n > 0; --n) path += std::string(words[dice() % words.size()]) + (n > 1 || dice() % 4 == 0 ? "/" : "");
        check_same(root, path);
    }
}

TEST_CASE("forty links are followed, one more is a loop") {
    const Root root;
    root.file("end");
    root.link("l1", "end");
    for (int i = 2; i <= 41; ++i) root.link("l" + std::to_string(i), "l" + std::to_string(i - 1));
    CHECK(ask_walk(root, "l40").inode == root.inode("end"));
    CHECK(ask_walk(root, "l41").error == -ELOOP);
    check_same(root, "l40");
    check_same(root, "l41");
}

TEST_CASE("paths and names end at the kernel's limits") {
    const Root root;
    root.dir("a");
    const auto repeated = [](std::size_t length) {
        std::string path;
        while (path.size() + 2 <= length) path += "a/";
        return path;
    };
    std::string dots;
    while (dots.size() + 2 < 4095) dots += "./";
    check_same(root, dots + "a");                 // 4095 bytes
    CHECK((dots + "a").size() == 4095);
    CHECK(ask_walk(root, dots + "a").inode == root.inode("a"));
    check_same(root, dots + "./a");               // 4097
    check_same(root, "/" + dots + "a");           // 4096
    CHECK(ask_walk(root, "/" + dots + "a").error == -ENAMETOOLONG);
    check_same(root, repeated(4094));
    check_same(root, std::string(255, 'x'));
    check_same(root, std::string(256, 'x'));
    check_same(root, "missing/" + std::string(256, 'x'));
    // What links make of a path may be longer than PATH_MAX for the kernel; the walk refuses it.
    root.link("long", std::string(3000, '.').replace(1, 1, "/") + "/");
    CHECK(ask_walk(root, "long/" + repeated(3000)).error < 0);
}

TEST_CASE("an absolute link of the image starts at its root, and nothing leads above it") {
    const Root root;
    root.dir("inside");
    REQUIRE(::mkdir((root.path + "/outside").c_str(), 0755) == 0);
    root.link("evil", "../outside");
    root.link("worse", root.path + "/outside");
    for (const char* path : {"evil", "worse", "../outside", "inside/../../outside"}) CHECK(ask_walk(root, path).error == -ENOENT);
    for (const char* path : {"evil/x", "worse", "../outside/y", "inside/../../outside/z"})
        CHECK(ask_walk(root, path, Create::directory).error == 0);
    CHECK(root.type("outside") == S_IFDIR);
    CHECK(files::list(AT_FDCWD, root.path + "/outside").empty());
    CHECK(root.type(root.path.substr(1) + "/outside") == S_IFDIR); // made below the root, with its parents
}

TEST_CASE("what is missing is made as asked for, in both ways to walk") {
    for (const auto resolve : {&walk_in_root, &open_in_root}) {
        const Root root;
        plant(root);
        const auto make = [&](const char* path, Create create) { return answer(resolve(root.fd.get(), path, create, false)); };
        const auto leads_to = [&](const char* path, Create create, const char* real) {
            const Answer made = make(path, create); // before the real path is looked at
            return made.error == 0 && made.inode == root.inode(real);
        };
        CHECK(leads_to("new/deep/er", Create::directory, "new/deep/er"));
        CHECK(root.type("new/deep/er") == S_IFDIR);
        CHECK(leads_to("/to_a/x/file", Create::file, "a/x/file"));
        CHECK(root.type("a/x") == S_IFDIR);
        CHECK(root.type("a/x/file") == S_IFREG);
        CHECK(leads_to("d/dangling", Create::file, "d/new"));
        CHECK(root.type("d/new") == S_IFREG);
        CHECK(leads_to("dangling", Create::directory, "nowhere/at/all"));
        CHECK(root.type("nowhere/at/all") == S_IFDIR);
        // A trailing slash means a directory, whatever was asked for: the caller sees that and refuses.
        CHECK(make("slashed/", Create::file).error == 0);
        CHECK(root.type("slashed") == S_IFDIR);
        CHECK(leads_to("a/b", Create::directory, "a/b"));
        CHECK(leads_to("a/f", Create::file, "a/f"));
        CHECK(make("a/f/x", Create::directory).error == -ENOTDIR);
        CHECK(make("a/f/x", Create::file).error == -ENOTDIR);
        CHECK(make("ping", Create::directory).error == -ELOOP);
        CHECK(make(std::string(256, 'x').c_str(), Create::file).error == -ENAMETOOLONG);
    }
}

TEST_CASE("nothing is made where nothing was asked for") {
    const Root root;
    CHECK(ask_walk(root, "x/y").error == -ENOENT);
    CHECK(files::list(root.fd.get(), ".").empty());
}

TEST_CASE("where no link may be, one is an error and nothing is made behind it") {
    const Root root;
    plant(root);
    for (const auto resolve : {&walk_in_root, &open_in_root}) {
        const auto ask = [&](const char* path, Create create) { return answer(resolve(root.fd.get(), path, create, true)).error; };
        CHECK(ask("to_a/made", Create::directory) == -ELOOP);
        CHECK(ask("to_file", Create::nothing) == -ELOOP);
        CHECK(ask("dangling", Create::file) == -ELOOP);
        CHECK(ask("a/b/c", Create::nothing) == 0);
        CHECK(ask("a/made", Create::directory) == 0);
        CHECK(root.inode("a/made") != 0);
        REQUIRE(::unlinkat(root.fd.get(), "a/made", AT_REMOVEDIR) == 0);
    }
    CHECK(root.inode("nowhere") == 0);
}
