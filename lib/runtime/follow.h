// A process in the foreground of a command of the OCI runtime: `run` and `exec` without --detach.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

namespace lib::runtime {

/// Signals that are on their way to us wait for follow() from now on.
class HeldSignals {
public:
    HeldSignals();
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    ~HeldSignals();
};

/// Passes signals on until the child `pid` has ended, and, where there is a `console`, joins it with the caller's terminal. The
/// exit code.
int follow(pid_t pid, int pidfd, UniqueFd console);

} // namespace lib::runtime
