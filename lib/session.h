// What every foreground session, attached or exec'ed, is given and how it can end.
#pragma once

#include "lib/detach_keys.h"

#include <cstdint>
#include <functional>

namespace lib {

/// The caller's side. Descriptors are borrowed and keep their flags (they are shared with the caller's shell).
struct SessionOptions {
    int stdin_fd = 0;  ///< -1: nothing is sent and standard input is not read
    int stdout_fd = 1; ///< -1: that output is dropped
    int stderr_fd = 2;
    bool terminal = false;       ///< -t: raw mode and window size of stdin_fd, when that is a terminal
    DetachKeys detach_keys;      ///< end the session; only when stdin_fd is a terminal in raw mode
    /// --sig-proxy: called with each signal that the process receives (all but job control); empty: an ending signal
    /// ends the session. May throw; the terminal is restored.
    std::function<void(int signal)> forward_signal;
};

enum class SessionEnd : std::uint8_t {
    exited,        ///< all output was written; `exit_code` is set when the session learns it
    detached,      ///< by the detach keys
    disconnected,  ///< the monitor is gone without an exit status: see the exit record
    signalled,     ///< by `signal`, not proxied; the caller restores nothing and ends by it
    output_closed, ///< nobody reads our output any more (EPIPE, or the terminal is gone)
};

struct SessionResult {
    SessionEnd end = SessionEnd::exited;
    std::int32_t exit_code = 0; ///< of an attached container that exited
    int signal = 0;
};

/// Ends this process by the signal that ended its session (SessionEnd::signalled), as the shell expects it.
[[noreturn]] void end_by_signal(int signal);

} // namespace lib
