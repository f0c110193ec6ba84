#include "storage/fuse/locator.h"

#include <doctest/doctest.h>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

using storage::fuse::Locator;

namespace {

/// What the other process says, which takes it a moment.
std::optional<Locator::Answer> await(Locator& locator) {
    for (int i = 0; i < 2000; ++i) {
        if (auto answer = locator.answer()) return answer;
        ::usleep(1000);
    }
    return {};
}

/// In a process of its own, for SIGCHLD's sake. What `work` returns is the exit status.
template <class Work>
int in_child(Work work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("it says where a thread runs") {
    CHECK(in_child([] {
        Locator locator = Locator::start();
        cpu_set_t allowed;
        if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 2;
        for (std::size_t processor = 0; processor < CPU_SETSIZE; ++processor) {
            if (!CPU_ISSET(processor, &allowed)) continue;
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(processor, &one);
            if (::sched_setaffinity(0, sizeof one, &one) != 0) return 3;
            locator.ask(::gettid(), ::gettid());
            const auto answer = await(locator);
            if (!answer || answer->processor != static_cast<int>(processor)) return 4;
        }
        return 0;
    }) == 0);
}

TEST_CASE("of a thread that is gone it says so") {
    CHECK(in_child([] {
        Locator locator = Locator::start();
        const pid_t gone = ::fork();
        if (gone == 0) ::_exit(0);
        while (::kill(gone, 0) == 0) ::usleep(1000); // SIGCHLD is ignored: it leaves nothing behind
        locator.ask(gone, ::gettid());
        const auto answer = await(locator);
        return answer && answer->processor < 0 ? 0 : 1;
    }) == 0);
}

TEST_CASE("its end is noticed") {
    CHECK(in_child([] {
        Locator locator = Locator::start();
        locator.ask(::gettid(), ::gettid());
        if (!await(locator)) return 1;
        std::ifstream children("/proc/thread-self/children");
        pid_t other = 0;
        if (!(children >> other) || ::kill(other, SIGKILL) != 0) return 77;
        for (int i = 0; i < 2000 && locator; ++i) {
            locator.ask(::gettid(), ::gettid());
            static_cast<void>(await(locator));
        }
        return locator ? 2 : 0;
    }) == 0);
}

TEST_CASE("nobody to ask") {
    Locator locator;
    CHECK(!locator);
    locator.ask(1, 1);
    CHECK(!locator.answer());
}
