// The directories of an overlay mount as a container's document has them: option O and mounted images.
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <vector>

namespace rootless {

struct OverlayDirectories {
    std::vector<std::string> lower; ///< topmost first, at least one
    std::vector<std::string> data;  ///< where id-shifted trees have their content: searched by redirects alone
    std::string upper;              ///< takes up what is written; empty: nothing may be
    std::string work;
};

/// Throws Error for a mount that cannot be one.
OverlayDirectories overlay_directories(const oci::Mount& mount);

/// "lowerdir=A:B::C", escaped as overlayfs.rst has it.
std::string lowerdir_option(const std::vector<std::string>& lower, const std::vector<std::string>& data = {});

} // namespace rootless
