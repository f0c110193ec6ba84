// `--rootfs DIR[:O]`: a directory of this machine as a container's root file system, in place of an image's layers.
#pragma once

#include "storage/store.h"

#include <string>

namespace lib {

struct Rootfs {
    std::string path;     ///< absolute, without symbolic links
    bool overlay = false; ///< the container writes into a layer of its own and not into the directory
};

/// Throws Error for a directory that is not there and for what an ordinary user cannot have (":idmap").
Rootfs parse_rootfs(const std::string& text);

/// The directory as the only layer.
storage::OpenLayers open_rootfs(const std::string& path);

} // namespace lib
