// Raw mode and signals, see lib/terminal.h.
#include "lib/terminal.h"

#include "base/error.h"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lib {
namespace {

/// What a user or a supervisor sends to a program. Job control is left to the kernel, and faults are ours.
constexpr std::array routed_signals{SIGHUP,  SIGINT,  SIGQUIT,   SIGTERM, SIGUSR1, SIGUSR2,  SIGALRM,
                                    SIGPROF, SIGIO,   SIGVTALRM, SIGPWR,  SIGCONT, SIGWINCH};

bool is_ignored(int signal) noexcept {
    struct sigaction current {};
    return ::sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_IGN;
}

} // namespace

RawMode::RawMode(int fd) : fd_(fd) {
    if (::tcgetattr(fd, &before_) != 0) throw SysError{errno, "read the terminal's mode"};
    raw_ = before_;
    ::cfmakeraw(&raw_);
    if (::tcsetattr(fd, TCSADRAIN, &raw_) != 0) throw SysError{errno, "set the terminal's mode"};
}

RawMode::~RawMode() {
    // From the background the kernel would stop us with SIGTTOU; blocked, the call goes through (termios(3)).
    sigset_t output_stop;
    sigset_t before;
    ::sigemptyset(&output_stop);
    ::sigaddset(&output_stop, SIGTTOU);
    ::sigprocmask(SIG_BLOCK, &output_stop, &before);
    ::tcsetattr(fd_, TCSANOW, &before_); // not TCSADRAIN: a terminal stopped with ctrl-s would keep us here
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

void RawMode::reapply() noexcept { ::tcsetattr(fd_, TCSANOW, &raw_); }

std::optional<WindowSize> find_window_size(int fd) noexcept {
    winsize window{};
    if (::ioctl(fd, TIOCGWINSZ, &window) != 0) return std::nullopt;
    return WindowSize{window.ws_row, window.ws_col};
}

SignalRoute::SignalRoute() {
    sigset_t routed;
    ::sigemptyset(&routed);
    for (const int signal : routed_signals)
        if (!is_ignored(signal)) ::sigaddset(&routed, signal);
    fd_.reset(::signalfd(-1, &routed, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) throw SysError{errno, "make a signal descriptor"};
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &pipe_before_);
    ::sigprocmask(SIG_BLOCK, &routed, &mask_before_);
}

SignalRoute::~SignalRoute() {
    ::sigaction(SIGPIPE, &pipe_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::optional<int> SignalRoute::take() noexcept {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

bool is_ending_signal(int signal) noexcept { return signal != SIGCONT && signal != SIGWINCH; }

} // namespace lib
