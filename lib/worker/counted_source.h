// A source that knows how much has been read from it.
#pragma once

#include "storage/byte_source.h"

#include <cstdint>

namespace lib::worker {

/// Counts what it passes on: the blob's size.
class CountedSource : public storage::ByteSource {
public:
    explicit CountedSource(storage::ByteSource& source) : source_(source) {}
    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = source_.read(into);
        size_ += count;
        return count;
    }
    std::uint64_t size() const noexcept { return size_; }

private:
    storage::ByteSource& source_;
    std::uint64_t size_ = 0;
};

} // namespace lib::worker
