// Bytes that must be known whole (their digest, their size) before they go anywhere: an unnamed file below the store.
#pragma once

#include "base/unique_fd.h"
#include "storage/byte_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace storage {

class Spool {
public:
    /// Reads `source` to its end into a file in `dir`. `progress` is told the bytes so far.
    Spool(ByteSource& source, const std::string& dir, const std::function<void(std::uint64_t)>& progress = {});

    const std::string& digest() const noexcept { return digest_; } ///< "sha256:…"
    std::uint64_t size() const noexcept { return size_; }
    /// The file, which has no name.
    int fd() const noexcept { return fd_.get(); }
    /// From `offset` on; any number, any time. The spool must outlive them.
    std::unique_ptr<ByteSource> open(std::uint64_t offset) const;

private:
    UniqueFd fd_;
    std::string digest_;
    std::uint64_t size_ = 0;
};

} // namespace storage
