// The second half of a start whose first was `ctl init`: the monitor that is there already lets the program begin.
#pragma once

#include "lib/container_store.h"

namespace lib {

/// Returns once the program of an initialized container runs, or that of one somebody else has begun meanwhile. Throws Error
/// with the exit codes of a start when it could not be executed; the container is then what it was before.
void begin_initialized(const ContainerDir& dir);

} // namespace lib
