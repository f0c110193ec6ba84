// Our ends of a container's (or an exec's) standard input and output.
#pragma once

#include "base/unique_fd.h"

namespace lib {

/// Either `terminal` or some of the three pipes. None of these is ever the caller's own terminal (security.md H5).
struct ContainerStdio {
    UniqueFd terminal; ///< pty master
    UniqueFd in;       ///< write end; absent when the process got /dev/null
    UniqueFd out;      ///< read end
    UniqueFd err;      ///< read end
};

} // namespace lib
