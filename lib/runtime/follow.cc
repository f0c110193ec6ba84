// See lib/runtime/follow.h.
#include "lib/runtime/follow.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/direct_session.h"
#include "rootless/exit_status.h"

#include <sys/signalfd.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace lib::runtime {
namespace {

sigset_t forwarded() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT}) ::sigaddset(&set, signal);
    return set;
}

void pass_signals(int pidfd) {
    const sigset_t set = forwarded();
    const UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) throw SysError{errno, "signalfd"};
    for (;;) {
        pollfd polls[2] = {{pidfd, POLLIN, 0}, {signals.get(), POLLIN, 0}};
        if (::poll(polls, 2, -1) < 0 && errno != EINTR) throw SysError{errno, "poll"};
        signalfd_siginfo info{};
        while (::read(signals.get(), &info, sizeof info) == sizeof info) sys::pidfd_send_signal(pidfd, static_cast<int>(info.ssi_signo));
        if ((polls[0].revents & POLLIN) != 0) return;
    }
}

} // namespace

HeldSignals::HeldSignals() {
    const sigset_t set = forwarded();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

HeldSignals::~HeldSignals() {
    const sigset_t set = forwarded();
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int follow(pid_t pid, int pidfd, UniqueFd console) {
    if (!console) {
        pass_signals(pidfd);
        return rootless::exit_code_of(sys::wait_child(pid));
    }
    SessionOptions session;
    session.terminal = true;
    session.forward_signal = [pidfd](int signal) { sys::pidfd_send_signal(pidfd, signal); };
    ContainerStdio streams;
    streams.terminal = std::move(console);
    run_direct_session(std::move(streams), pidfd, session);
    return rootless::exit_code_of(sys::wait_child(pid));
}

} // namespace lib::runtime
