// A look at an image's merged tree from inside a user namespace, before there is a container.
#pragma once

#include "base/unique_fd.h"

#include <optional>
#include <span>
#include <string>

namespace rootless {

/// Mounts the layers (borrowed directories, topmost first) read-only on `mountpoint` and opens the root. Must be called
/// inside a user and mount namespace of one's own (fork_in_userns), with whose end the mount goes. Throws SysError.
UniqueFd mount_layers(std::span<const int> layers, const std::string& mountpoint);

/// Opens a directory of a foreign tree, symbolic links resolved inside `root` (openat2, RESOLVE_IN_ROOT); nullopt when there
/// is no such directory.
std::optional<UniqueFd> find_directory_in(int root, const std::string& path);

} // namespace rootless
