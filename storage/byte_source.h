// A stream of bytes being read: the seam between downloads, decompressors and the unpacker.
#pragma once

#include <cstddef>
#include <span>

namespace storage {

class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// Up to into.size() bytes; 0 at the end, and from then on. Throws on failure: a source that verifies what it
    /// delivers throws in place of the 0.
    virtual std::size_t read(std::span<std::byte> into) = 0;
};

} // namespace storage
