// Decompression of layers: gzip (ISA-L, or zlib where it was built without), zstd, or none, told by the first bytes.
#pragma once

#include "storage/byte_source.h"

#include <cstdint>
#include <memory>

namespace storage {

struct DecompressLimits {
    std::uint64_t max_bytes = std::uint64_t{256} << 30; ///< of output
    /// Output per input byte, looked at only above `ratio_free_bytes`: gzip reaches 1032, so more is a bomb.
    std::uint64_t max_ratio = 1100;
    std::uint64_t ratio_free_bytes = std::uint64_t{1} << 30;
};

/// The plain bytes of `compressed`, which must outlive the result. All gzip members and zstd frames are read, and the
/// source is read to its end. read() throws Error on damage, on a truncated stream, on bytes behind the last member that
/// are none, above a limit.
std::unique_ptr<ByteSource> open_decompressed(ByteSource& compressed, const DecompressLimits& limits = {});

} // namespace storage
