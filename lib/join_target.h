// The process by which a running container's namespaces are reached.
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"

#include <sys/types.h>

namespace lib {

/// The `--init` process is ours, closed to everybody (PR_SET_DUMPABLE 0); its first child is the container's command and
/// lives in the same namespaces as long as the container runs.
struct JoinTarget {
    pid_t pid;
    UniqueFd process; ///< a pidfd
};

/// Throws Error when the container does not run, or has not begun.
JoinTarget find_join_target(const ContainerRecord& record, const ContainerState& state);

} // namespace lib
