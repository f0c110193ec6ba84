// Who is killed at the end of a container in a shared pid namespace, and who is not: its mount namespace's number is another's soon.
#include "base/error.h"
#include "base/sys.h"
#include "lib/leftovers.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

/// A child that sleeps once `prepare` has worked in it.
class Sleeper {
public:
    template <class Prepare> explicit Sleeper(const Prepare& prepare) {
        Pipe ready = sys::pipe();
        pid_ = ::fork();
        if (pid_ == 0) {
            const bool works = prepare();
            (void)!::write(ready.write.get(), works ? "y" : "n", 1);
            while (works) ::pause();
            ::_exit(1);
        }
        char works = 'n';
        REQUIRE(::read(ready.read.get(), &works, 1) == 1);
        REQUIRE(works == 'y');
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper() { end(); }

    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

/// One in a mount namespace of its own. All share a user namespace, lest those take the numbers.
class Mounter : public Sleeper {
public:
    explicit Mounter(int users) : Sleeper([=] { return ::setns(users, CLONE_NEWUSER) == 0 && ::unshare(CLONE_NEWNS) == 0; }) {
        struct stat st {};
        REQUIRE(::stat(cat("/proc/", pid(), "/ns/mnt").c_str(), &st) == 0);
        number_ = static_cast<std::uint32_t>(st.st_ino);
    }
    std::uint32_t number() const { return number_; }

private:
    std::uint32_t number_ = 0;
};

struct Users {
    Sleeper sleeper{[] { return ::unshare(CLONE_NEWUSER) == 0; }};
    UniqueFd fd = sys::open(cat("/proc/", sleeper.pid(), "/ns/user"), O_RDONLY | O_CLOEXEC);
};

/// One whose namespace has got that number, which the kernel frees a little later than the namespace; nullptr where none of many has.
std::unique_ptr<Mounter> find_heir(int users, std::uint32_t number) {
    std::vector<std::unique_ptr<Mounter>> others;
    for (int i = 0; i < 100; ++i) {
        auto next = std::make_unique<Mounter>(users);
        if (next->number() == number) return next;
        others.push_back(std::move(next));
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return nullptr;
}

} // namespace

TEST_CASE("what outlives the first process is killed where its namespace is held") {
    const Users users;
    Mounter left(users.fd.get());
    UniqueFd held = lib::hold_mount_namespace(left.pid(), left.number());
    REQUIRE(held);
    lib::kill_leftovers(std::move(held), left.number(), "cafe");
    int status = 0;
    CHECK(::waitpid(left.pid(), &status, 0) == left.pid());
    CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("a bystander whose namespace has got the number of one that is gone lives on") {
    const Users users;
    std::uint32_t number = 0;
    {
        const Mounter first(users.fd.get());
        number = first.number();
    }
    const auto bystander = find_heir(users.fd.get(), number);
    if (!bystander) return; // others on the machine were faster each time
    lib::kill_leftovers({}, number, "cafe");
    CHECK(bystander->lives());
}

TEST_CASE("the number of a namespace that is held is nobody else's") {
    const Users users;
    Mounter first(users.fd.get());
    const UniqueFd held = lib::hold_mount_namespace(first.pid(), first.number());
    REQUIRE(held);
    first.end();
    CHECK(find_heir(users.fd.get(), first.number()) == nullptr);
}

TEST_CASE("a namespace of a process that is gone, of another number or of none is not held") {
    const Users users;
    Mounter first(users.fd.get());
    CHECK_FALSE(lib::hold_mount_namespace(first.pid(), first.number() + 1));
    CHECK_FALSE(lib::hold_mount_namespace(first.pid(), 0));
    const pid_t pid = first.pid();
    first.end();
    CHECK_FALSE(lib::hold_mount_namespace(pid, first.number()));
}
