// Our ends of a container's (or an exec's) standard input and output.
#pragma once

#include "base/unique_fd.h"

#include <array>

namespace lib {

/// Either `terminal` or some of the three pipes. None of these is ever the caller's own terminal (security.md H5).
struct ContainerStdio {
    UniqueFd terminal; ///< pty master
    UniqueFd in;       ///< write end; absent when the process got /dev/null
    UniqueFd out;      ///< read end
    UniqueFd err;      ///< read end
};

/// Both ends of a process's streams: ours for the pump, theirs to become its 0, 1 and 2.
struct StdioPair {
    ContainerStdio ours;
    std::array<UniqueFd, 3> theirs;
};

enum class StdinKind { pipe, null };

/// Pipes for output and error, and for input what `in` says; `input` where that pipe is there already. Throws SysError.
StdioPair make_stdio_pipes(StdinKind in, Pipe input = {});

} // namespace lib
