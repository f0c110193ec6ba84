#include "lib/terminal.h"

#include "base/error.h"
#include "base/sys.h"
#include "tests/unit/lib/fake_container.h"

#include <array>
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

termios mode_of(int fd) {
    termios mode{};
    REQUIRE(::tcgetattr(fd, &mode) == 0);
    return mode;
}

bool same(const termios& a, const termios& b) {
    return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag && a.c_lflag == b.c_lflag &&
           std::memcmp(a.c_cc, b.c_cc, sizeof a.c_cc) == 0;
}

} // namespace

TEST_CASE("raw mode ends with its scope, by exception, too") {
    Terminal terminal = open_terminal();
    const int fd = terminal.slave.get();
    const termios before = mode_of(fd);
    try {
        lib::RawMode raw(fd);
        CHECK((mode_of(fd).c_lflag & (ICANON | ECHO | ISIG)) == 0);
        REQUIRE(::tcsetattr(fd, TCSANOW, &before) == 0); // as a shell does while we are stopped
        raw.reapply();
        CHECK((mode_of(fd).c_lflag & ICANON) == 0);
        throw Error("anything");
    } catch (const Error&) {
    }
    CHECK(same(mode_of(fd), before));
}

TEST_CASE("what is no terminal has no raw mode and no size") {
    Pipe pipe = sys::pipe();
    CHECK_THROWS_AS(lib::RawMode(pipe.read.get()), SysError);
    CHECK_FALSE(lib::find_window_size(pipe.read.get()));
}

TEST_CASE("signals come through the descriptor, and the old order returns") {
    sigset_t before;
    REQUIRE(::sigprocmask(SIG_SETMASK, nullptr, &before) == 0);
    {
        lib::SignalRoute route;
        CHECK_FALSE(route.take());
        REQUIRE(::raise(SIGTERM) == 0); // would end the test
        REQUIRE(::raise(SIGWINCH) == 0);
        CHECK(sys::wait_readable(route.fd(), std::chrono::milliseconds(0)));
        const int first = route.take().value_or(0);
        const int second = route.take().value_or(0);
        CHECK(std::min(first, second) == SIGTERM);
        CHECK(std::max(first, second) == SIGWINCH);
        CHECK_FALSE(route.take());
        Pipe pipe = sys::pipe();
        pipe.read.reset();
        CHECK(::write(pipe.write.get(), "x", 1) == -1); // no SIGPIPE
    }
    sigset_t after;
    REQUIRE(::sigprocmask(SIG_SETMASK, nullptr, &after) == 0);
    CHECK(::sigismember(&after, SIGTERM) == ::sigismember(&before, SIGTERM));
    struct sigaction pipe_action {};
    REQUIRE(::sigaction(SIGPIPE, nullptr, &pipe_action) == 0);
    CHECK((pipe_action.sa_handler == SIG_DFL));
}

TEST_CASE("a signal that the caller ignores stays ignored") {
    ::signal(SIGHUP, SIG_IGN);
    {
        lib::SignalRoute route;
        REQUIRE(::raise(SIGHUP) == 0);
        CHECK_FALSE(route.take());
    }
    ::signal(SIGHUP, SIG_DFL);
}
