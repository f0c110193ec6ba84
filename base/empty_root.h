// A place with nothing in it, for a process that needs no files.
#pragma once

/// From here on the root and working directory of this process are an empty read-only directory, the only mount there is for it, and it is in
/// a user namespace of its own without ids, where it has all capabilities: to be dropped. Open descriptors stay what they are; sockets
/// are made in the network namespace as before. Single-threaded callers. False where no user namespace is to be had: nothing has
/// changed then. Throws SysError.
[[nodiscard]] bool enter_empty_root();
