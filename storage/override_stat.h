// How a store that all users may read keeps owners and modes: in attributes, since on disk everything belongs to who made it and is
// readable by all. The form is containers/storage's (force_mask = "shared"); our overlay on FUSE shows the files by it, the
// kernel's does not know it.
#pragma once

#include "storage/layer_index.h"

#include <sys/types.h>

#include <string>

namespace storage {

inline constexpr const char* override_stat_attribute = "user.containers.override_stat";

/// "uid:gid:0mode", the mode octal.
std::string override_stat(const IndexEntry& entry);
/// What such a file has on disk. Links and FIFOs cannot carry the attribute and are shown as root's.
mode_t shared_mode(const IndexEntry& entry) noexcept;

} // namespace storage
