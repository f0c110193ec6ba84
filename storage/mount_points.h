// What every container has something mounted on and an image need not have, as a layer below the image's.
//
// Without it each first start makes these files and directories in the container's own layer: six inodes that are made and
// removed with every `run --rm`, a copy-up of /etc, and entries in `upper` that the container never made. An image's own
// entry covers the one here. Made once in a store; it holds no content, so nothing can be wrong with it that making it anew
// would not mend, and it is not synced.
//
//     mountpoints/    dev proc sys; etc/{hosts,hostname,resolv.conf}; run/.containerenv
#pragma once

#include "base/paths.h"
#include "base/unique_fd.h"

namespace storage {

/// The files in it. A container that has something mounted on each of them gets the layer; in any other an empty file would
/// show up that its image does not have.
inline constexpr const char* mount_point_files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv"};

/// Its directory, owned by the caller: root of the container with the store's id maps, and only with these right.
/// Throws SysError.
UniqueFd open_mount_points(const Paths& paths);

} // namespace storage
