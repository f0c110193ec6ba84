// The directories of an overlay mount as a container's document has them: option O and mounted images.
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <vector>

namespace rootless {

/// The type of those in a container's document that our own overlay shows. Only ever in memory: the choice is made at each start.
inline constexpr const char* fuse_overlay_type = "fuse.ctl";
/// Of either kind.
inline bool is_overlay(const oci::Mount& mount) { return mount.type == "overlay" || mount.type == fuse_overlay_type; }

struct OverlayDirectories {
    std::vector<std::string> lower; ///< topmost first, at least one
    std::vector<std::string> data;  ///< where id-shifted trees have their content: searched by redirects alone
    std::string upper;              ///< takes up what is written; empty: nothing may be
    std::string work;
    std::string shift;              ///< of our own overlay: its option --shift
};

/// Throws Error for a mount that cannot be one.
OverlayDirectories overlay_directories(const oci::Mount& mount);

/// "lowerdir=A:B::C", escaped as overlayfs.rst has it.
std::string lowerdir_option(const std::vector<std::string>& lower, const std::vector<std::string>& data = {});

} // namespace rootless
