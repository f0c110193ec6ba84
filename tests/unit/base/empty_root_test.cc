#include "base/empty_root.h"

#include "base/error.h"
#include "base/unique_fd.h"

#include <doctest/doctest.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

namespace {

constexpr int no_namespace = 77;

int count_entries(const char* path) {
    DIR* const directory = ::opendir(path);
    if (directory == nullptr) return -1;
    int count = 0;
    while (const dirent* entry = ::readdir(directory))
        count += entry->d_name[0] != '.';
    ::closedir(directory);
    return count;
}

int look_around() {
    const UniqueFd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    if (!enter_empty_root()) return no_namespace;
    if (count_entries("/") != 0 || count_entries(".") != 0 || count_entries("..") != 0) return 1;
    if (::mkdir("/x", 0700) == 0 || errno != EROFS) return 2;
    if (::open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != ENOENT) return 3;
    char byte = 0;
    return ::read(file.get(), &byte, 1) == 1 ? 0 : 4;
}

} // namespace

TEST_CASE("an empty root: nothing is there, nothing can be made, and descriptors stay") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        int result = 99;
        try {
            result = look_around();
        } catch (const Error& e) {
            ::dprintf(2, "%s\n", e.what());
        }
        ::_exit(result);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == no_namespace) MESSAGE("no user namespaces here");
    else CHECK(WEXITSTATUS(status) == 0);
}
