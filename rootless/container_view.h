// What is mounted in a container, for a look at one that does not run.
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <vector>

namespace rootless {

/// Mounts the binds and overlays among `mounts`, whose sources are there, below `root`; missing places to mount on are made, as
/// a start does. In a mount namespace of one's own. `renewed`: overlays whose upper directories begin with this are emptied at
/// the next start; they are shown as the last run left them, read-only, because what was written there would be lost.
/// `fuse_program`: path of ctl-fuse, for mounts of fuse_overlay_type. Throws Error.
void mount_inside(int root, const std::vector<oci::Mount>& mounts, const std::string& renewed, const std::string& fuse_program);

} // namespace rootless
