// The content of one file into another: shared, copied inside the kernel, or read and written, holes kept. Private to storage/fuse.
#pragma once

#include <sys/types.h>

namespace storage::fuse {

/// The first `size` bytes, into an empty file. 0 or errno.
int copy_content(int from, int to, off_t size);

} // namespace storage::fuse
