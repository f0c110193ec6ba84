// The operations as libfuse's low-level interface wants them. Private to storage/fuse.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

namespace storage::fuse {

/// User data of the session is the Overlay.
extern const fuse_lowlevel_ops operations;

/// What is said about how long names and attributes may be kept, in seconds: nobody else changes them.
inline constexpr double keep_for = 86400;

} // namespace storage::fuse
