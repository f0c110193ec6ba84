// Answers to large reads that go from the page cache to the kernel's end of the file system without passing through this process's
// memory (splice(2)): a fifth less time for a file read from end to end (docs/fuse-overlay.md). libfuse's own way has a pipe for each
// thread; pipes' pages are counted against what the user may have in all programs, so there is one, for whoever comes first.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace storage::fuse {

class Splicer {
public:
    /// Sends `size` bytes of `file` at `offset` as the answer to request `unique` through `device`, where the file has as many, the first and the last
    /// are in memory (as good as all of them), and it is worth it. False: nothing was sent, and the request is to be answered in another way.
    bool send(int device, std::uint64_t unique, int file, std::size_t size, off_t offset) noexcept;

private:
    bool fill(std::uint64_t unique, int file, std::size_t size, off_t offset) noexcept;

    std::mutex mutex_;
    Pipe pipe_; ///< empty while not in use
    bool unfit_ = false;
};

} // namespace storage::fuse
