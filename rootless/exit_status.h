// From a wait status to the shell's exit code: 128 + n for a process ended by signal n.
#pragma once

#include "base/error.h"

#include <sys/wait.h>

namespace rootless {

inline int exit_code_of(int wait_status) {
    if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
    if (WIFSIGNALED(wait_status)) return exit_code::signal_base + WTERMSIG(wait_status);
    return exit_code::engine_error;
}

} // namespace rootless
