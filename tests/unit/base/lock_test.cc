#include "base/lock.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

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

TEST_CASE("waiting for a lock that nobody has, or for none, is over at once") {
    LockDir dir;
    CHECK(FileLock::wait_until_free(dir.fd.get(), "l") == "");
    CHECK_FALSE(sys::find_stat_at(dir.fd.get(), "l")); // waiting makes no file
    files::write_atomic(dir.fd.get(), "l", "said", 0600, files::Durability::none);
    CHECK(FileLock::wait_until_free(dir.fd.get(), "l") == "said");
}

TEST_CASE("who waits gets the holder's last word, even when the file is gone by then") {
    LockDir dir;
    FileLock held = FileLock::acquire(dir.fd.get(), "l", FileLock::Mode::exclusive);
    std::string word;
    std::thread waiter([&] { word = FileLock::wait_until_free(dir.fd.get(), "l"); });
    // The kernel's table shows who is blocked: "-> FLOCK". From then on the file may go.
    const struct stat st = sys::fstat(held.fd(), "lock");
    const std::string inode = cat(":", st.st_ino, " ");
    for (bool blocked = false; !blocked;) {
        const UniqueFd table = sys::open("/proc/locks", O_RDONLY);
        const std::string text = sys::read_to_end(table.get(), 4 << 20, "/proc/locks");
        const auto arrow = text.find("-> FLOCK");
        blocked = arrow != std::string::npos && text.find(inode, arrow) != std::string::npos;
    }
    sys::write_all(held.fd(), "137", "last word");
    sys::unlink_at(dir.fd.get(), "l");
    held.release();
    waiter.join();
    CHECK(word == "137");
}

namespace {

/// A parent that holds the lock and forks a long-lived child, which closes what is not its own if `closes`; then the parent is
/// killed. Whether the lock can be taken while the child lives.
bool lock_is_free_after_parents_death(const LockDir& dir, FileLock::Mode mode, bool closes) {
    Pipe ready = sys::pipe(), life = sys::pipe();
    const pid_t parent = ::fork();
    REQUIRE(parent >= 0);
    if (parent == 0) {
        const FileLock lock = FileLock::acquire(dir.fd.get(), "l", mode);
        const pid_t child = ::fork();
        if (child == 0) {
            if (closes) sys::close_all_but({ready.write.get(), life.read.get()});
            else life.write.reset();
            sys::write_all(ready.write.get(), "r", "ready");
            char end;
            [[maybe_unused]] const ssize_t n = ::read(life.read.get(), &end, 1); // until the test lets go
            ::_exit(0);
        }
        ::pause();
        ::_exit(1);
    }
    ready.write.reset();
    life.read.reset();
    char byte;
    REQUIRE(::read(ready.read.get(), &byte, 1) == 1);
    CHECK_FALSE(FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::exclusive));
    ::kill(parent, SIGKILL);
    sys::wait_child(parent);
    const bool free = FileLock::try_acquire(dir.fd.get(), "l", FileLock::Mode::exclusive).has_value();
    life.write.reset();
    REQUIRE(::read(ready.read.get(), &byte, 1) == 0); // the child has ended
    return free;
}

} // namespace

TEST_CASE("a killed parent's locks are free although its monitor lives") {
    for (const auto mode : {FileLock::Mode::exclusive, FileLock::Mode::shared}) {
        LockDir dir;
        CHECK(lock_is_free_after_parents_death(dir, mode, true));
    }
}

TEST_CASE("without close_all_but a fork would keep them: what the rule is for") {
    LockDir dir;
    CHECK_FALSE(lock_is_free_after_parents_death(dir, FileLock::Mode::exclusive, false));
}
