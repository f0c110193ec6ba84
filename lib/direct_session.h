// A session without a monitor, for `exec`: the caller's terminal or pipes joined to the process's pty or pipes directly.
#pragma once

#include "lib/container_stdio.h"
#include "lib/session.h"

namespace lib {

/// Runs until the process has ended (`process_pidfd` readable) and what it left in its pipes is written, or one of the
/// other endings. Descendants that keep a pipe open are not waited for. exit_code is not set: the caller reaps.
/// Throws SysError, and what forward_signal throws.
SessionResult run_direct_session(ContainerStdio process, int process_pidfd, const SessionOptions& options);

} // namespace lib
