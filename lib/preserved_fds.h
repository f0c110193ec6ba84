// `--preserve-fds`: descriptors of the caller that a container's process keeps.
#pragma once

#include <vector>

namespace lib {

/// Throws Error unless each is open and inherited. Ours are close-on-exec, so one of them is never taken for the caller's.
void check_preserved(const std::vector<int>& fds);

} // namespace lib
