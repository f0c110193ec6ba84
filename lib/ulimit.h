// `--ulimit`: resource limits of processes (setrlimit(2)).
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <vector>

namespace lib {

/// What a container's processes get: the defaults (as much of open files and processes as the caller may have, up to
/// 1048576, and no core files), and over them each NAME=SOFT[:HARD]; "host" takes all of the caller's own. Throws Error for
/// an unknown name, and for a hard limit above the caller's, which an ordinary user cannot have.
std::vector<oci::Rlimit> process_limits(const std::vector<std::string>& ulimits);

} // namespace lib
