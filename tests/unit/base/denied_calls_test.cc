#include "base/denied_calls.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
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

TEST_CASE("of an allow-list nothing else works, and where an argument is named only with its values or without its bits") {
    CHECK(exit_of([] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 99;
        constexpr std::uint32_t families[] = {AF_INET, AF_INET6};
        constexpr std::uint32_t executable = PROT_EXEC;
        allow_only(std::initializer_list<PermittedCall>{{SYS_socket, 0, families}, SYS_close, {SYS_mmap, 2, executable}, SYS_exit_group});
        if (::socket(AF_INET, SOCK_STREAM, 0) < 0 || ::socket(AF_INET6, SOCK_DGRAM, 0) < 0) return 1;
        if (!refused(::socket(AF_UNIX, SOCK_STREAM, 0)) || !refused(::socket(AF_NETLINK, SOCK_RAW, 0))) return 2;
        if (!refused(::getppid()) || !refused(::execl("/bin/true", "true", nullptr))) return 3;
        if (::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return 4;
        return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM ? 0 : 5;
    }) == 0);
}
