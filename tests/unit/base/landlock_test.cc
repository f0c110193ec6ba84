#include "base/landlock.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <doctest/doctest.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>

namespace {

/// The exit status of a child that does it.
int in_child(const std::function<int()>& act) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(act());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
}

int errno_of_open(const std::string& path, int flags) {
    const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    return fd ? 0 : errno;
}

} // namespace

TEST_CASE("landlock: what is not named cannot be opened, what is can be used") {
    char name[] = "/tmp/ctl-landlock-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    const std::string dir = name;
    for (const char* sub : {"/open", "/open/a", "/open/b", "/read", "/shut", "/given"}) sys::ensure_dir(dir + sub, 0700);
    for (const char* file : {"/read/f", "/shut/f", "/single"}) files::write_atomic(AT_FDCWD, dir + file, "x", 0600, files::Durability::none);
    const UniqueFd given = files::open_dir(dir + "/given");
    const int result = in_child([&] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 99;
        if (!confine_files({{dir + "/read", dir + "/single", dir + "/missing"}, {dir + "/open"}, {}, {given.get(), 1000}})) return 77;
        if (errno_of_open(dir + "/shut/f", O_RDONLY) != EACCES || errno_of_open("/etc/passwd", O_RDONLY) != EACCES) return 1;
        if (errno_of_open(dir + "/read/f", O_RDONLY) != 0 || errno_of_open(dir + "/single", O_RDONLY) != 0) return 2;
        if (errno_of_open(dir + "/read/f", O_WRONLY) != EACCES || errno_of_open(dir + "/read/new", O_WRONLY | O_CREAT) != EACCES) return 3;
        if (errno_of_open(dir + "/open/a/f", O_WRONLY | O_CREAT | O_TRUNC) != 0) return 4;
        if (::rename((dir + "/open/a/f").c_str(), (dir + "/open/b/f").c_str()) != 0) return 5;
        if (errno_of_open(dir + "/given/f", O_WRONLY | O_CREAT) != 0) return 6;
        ::execl("/bin/true", "true", nullptr);
        return errno == EACCES ? 0 : 7;
    });
    files::remove_tree(AT_FDCWD, dir);
    if (result == 77) MESSAGE("this kernel has no Landlock that allows renames");
    else CHECK(result == 0);
}

TEST_CASE("landlock: processes outside hear no signal where they are to be left alone") {
    const pid_t outside = ::fork();
    REQUIRE(outside >= 0);
    if (outside == 0) ::pause(), ::_exit(0);
    const int result = in_child([&] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 99;
        if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 6) return 77;
        if (!confine_files({.read = {}, .write = {}, .others = false}) || ::kill(::getpid(), 0) != 0) return 1;
        return ::kill(outside, SIGTERM) != 0 && errno == EPERM ? 0 : 2;
    });
    ::kill(outside, SIGKILL);
    ::waitpid(outside, nullptr, 0);
    if (result == 77) MESSAGE("this kernel's Landlock has no scopes");
    else CHECK(result == 0);
}
