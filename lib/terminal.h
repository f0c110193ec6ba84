// The caller's side of an interactive session: raw mode, window size, signals. Used by attach and by exec.
#pragma once

#include "base/unique_fd.h"
#include "lib/attach_protocol.h"

#include <signal.h>
#include <termios.h>

#include <optional>

namespace lib {

/// Puts a terminal into raw mode for its lifetime. The destructor gives the old mode back, even from the background.
class RawMode {
public:
    /// Throws SysError when `fd` is no terminal. Borrows it.
    explicit RawMode(int fd);
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;
    ~RawMode();
    /// Once more after a stop: the shell has set its own mode meanwhile.
    void reapply() noexcept;

private:
    int fd_;
    termios before_{};
    termios raw_{};
};

/// nullopt when `fd` is no terminal.
std::optional<WindowSize> find_window_size(int fd) noexcept;

/// Routes the signals a session cares about to a descriptor for its lifetime, so that none of them can end the process
/// with the terminal in raw mode, and ignores SIGPIPE. The destructor gives mask and disposition back; a signal that came
/// and was not taken is then delivered as usual. Signals the caller ignores (nohup) stay ignored. Of the calling thread:
/// to be made while there is only one.
class SignalRoute {
public:
    SignalRoute();
    SignalRoute(const SignalRoute&) = delete;
    SignalRoute& operator=(const SignalRoute&) = delete;
    ~SignalRoute();

    int fd() const noexcept { return fd_.get(); } ///< readable when a signal came
    /// The next signal that came, if any.
    std::optional<int> take() noexcept;

private:
    UniqueFd fd_;
    sigset_t mask_before_{};
    struct sigaction pipe_before_{};
};

/// True for signals whose meaning is "end" for a program that does not handle them.
bool is_ending_signal(int signal) noexcept;

} // namespace lib
