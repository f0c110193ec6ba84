// Mounts that show other ids than their file system has (mount_setattr(2), MOUNT_ATTR_IDMAP, kernel 5.12).
#pragma once

#include "base/unique_fd.h"
#include "rootless/userns.h"

#include <string>

namespace rootless {

/// A detached copy of what is mounted at `source`, with the mounts below it if `recursive`, in which the ids of the file system are seen
/// through `maps`: inside is the file system's, outside the caller's. `maps_all`: of the mounts below as well. Throws Error where
/// the kernel does not allow it: it takes CAP_SYS_ADMIN in the user namespace that has mounted the file system, and a file system
/// that can be idmapped.
UniqueFd idmapped_tree(const std::string& source, bool recursive, bool maps_all, const IdMaps& maps);

} // namespace rootless
