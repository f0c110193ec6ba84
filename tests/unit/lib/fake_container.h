// A process with three pipes or a terminal, standing in for a container.
#pragma once

#include "base/sys.h"
#include "lib/container_stdio.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

struct Terminal {
    UniqueFd master;
    UniqueFd slave;
};

inline Terminal open_terminal() {
    Terminal terminal;
    terminal.master.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal.master);
    REQUIRE(::grantpt(terminal.master.get()) == 0);
    REQUIRE(::unlockpt(terminal.master.get()) == 0);
    char name[64];
    REQUIRE(::ptsname_r(terminal.master.get(), name, sizeof name) == 0);
    terminal.slave.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal.slave);
    return terminal;
}

inline void set_raw(int fd) {
    termios mode{};
    REQUIRE(::tcgetattr(fd, &mode) == 0);
    ::cfmakeraw(&mode);
    REQUIRE(::tcsetattr(fd, TCSANOW, &mode) == 0);
}

/// Runs `body` in a child with nothing open but standard input and output, and exits with what it returns. `body` may only
/// use descriptors 0, 1 and 2.
class FakeContainer {
public:
    using Body = std::function<int()>;

    explicit FakeContainer(const Body& body) {
        Pipe in = sys::pipe();
        Pipe out = sys::pipe();
        Pipe err = sys::pipe();
        start(in.read.get(), out.write.get(), err.write.get(), body);
        stdio.in = std::move(in.write);
        stdio.out = std::move(out.read);
        stdio.err = std::move(err.read);
    }
    FakeContainer(Terminal terminal, const Body& body) {
        start(terminal.slave.get(), terminal.slave.get(), terminal.slave.get(), body);
        stdio.terminal = std::move(terminal.master);
    }
    ~FakeContainer() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    FakeContainer(const FakeContainer&) = delete;
    FakeContainer& operator=(const FakeContainer&) = delete;

    /// Reaps it: the exit code.
    int wait() {
        const int status = sys::wait_child(std::exchange(pid_, 0));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    void kill() { ::kill(pid_, SIGKILL); }

    lib::ContainerStdio stdio;
    UniqueFd pidfd;

private:
    void start(int in, int out, int err, const Body& body) {
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::dup2(in, 0);
            ::dup2(out, 1);
            ::dup2(err, 2);
            ::close_range(3, ~0U, 0);
            ::_exit(body());
        }
        pidfd = std::move(*sys::pidfd_open(pid_));
    }

    pid_t pid_ = 0;
};

/// For bodies: writes everything or ends the process.
inline void put(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n <= 0) ::_exit(99);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// For bodies: copies until the end of file.
inline int copy_through(int from, int to) {
    char buffer[4096];
    for (;;) {
        const ssize_t n = ::read(from, buffer, sizeof buffer);
        if (n <= 0) return n == 0 ? 0 : 98;
        put(to, {buffer, static_cast<std::size_t>(n)});
    }
}
