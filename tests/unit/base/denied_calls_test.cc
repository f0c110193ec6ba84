#include "base/denied_calls.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

namespace {

int exit_of(const std::function<int()>& act) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(act());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool refused(long result) { return result == -1 && errno == EPERM; }

} // namespace

TEST_CASE("denied calls fail in every thread, others work") {
    CHECK(exit_of([] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 99;
        deny_calls(dangerous_calls());
        if (!refused(::execl("/bin/true", "true", nullptr)) || !refused(::unshare(CLONE_NEWNS))) return 1;
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (socket < 0) return 2;
        deny_calls(network_calls());
        if (!refused(::socket(AF_INET, SOCK_STREAM, 0))) return 3;
        bool in_thread = false;
        std::thread([&] { in_thread = refused(::execl("/bin/true", "true", nullptr)); }).join();
        return in_thread ? 0 : 4;
    }) == 0);
}

TEST_CASE("of an allow-list nothing else works, and sockets of the named families alone") {
    CHECK(exit_of([] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 99;
        constexpr int calls[] = {SYS_socket, SYS_close, SYS_exit_group};
        constexpr int families[] = {AF_INET, AF_INET6};
        allow_only(calls, families);
        if (::socket(AF_INET, SOCK_STREAM, 0) < 0 || ::socket(AF_INET6, SOCK_DGRAM, 0) < 0) return 1;
        if (!refused(::socket(AF_UNIX, SOCK_STREAM, 0)) || !refused(::socket(AF_NETLINK, SOCK_RAW, 0))) return 2;
        if (!refused(::getppid()) || !refused(::execl("/bin/true", "true", nullptr))) return 3;
        return 0;
    }) == 0);
}
