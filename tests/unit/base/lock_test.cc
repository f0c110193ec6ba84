#include "base/lock.h"

#include "base/error.h"
#include "base/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace {

struct LockDir {
    std::string path = [] {
        char name[] = "/tmp/ctl-lock-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return std::string(name);
    }();
    UniqueFd fd = files::open_dir(path);
    ~LockDir() { files::remove_tree(AT_FDCWD, path); }
};

} // namespace

TEST_CASE("an exclusive lock keeps everybody else out until it is released") {
    LockDir dir;
    FileLock held = FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::exclusive);
    CHECK_FALSE(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::shared));
    held.release();
    CHECK(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::exclusive));
}

TEST_CASE("shared locks go together") {
    LockDir dir;
    const FileLock held = FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::shared);
    CHECK(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::shared));
    CHECK_FALSE(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::exclusive));
}

TEST_CASE("who waits in vain is told the holder's pid") {
    LockDir dir;
    const FileLock held = FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::exclusive);
    CHECK(find_lock_holder(held.fd()) == ::getpid());
    try {
        (void)FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::exclusive, std::chrono::milliseconds(1));
        FAIL("took a held lock");
    } catch (const Error& e) {
        CHECK(std::string(e.what()).find(std::to_string(::getpid())) != std::string::npos);
    }
}

TEST_CASE("a lock file that was removed and made again counts as another lock") {
    LockDir dir;
    const FileLock held = FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::exclusive);
    REQUIRE(::unlinkat(dir.fd.get(), "l", 0) == 0);
    CHECK(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::exclusive));
}
