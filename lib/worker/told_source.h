// A source that tells how much of it has been read.
#pragma once

#include "storage/byte_source.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace lib::worker {

class ToldSource : public storage::ByteSource {
public:
    using Tell = std::function<void(std::uint64_t done)>;
    /// `done`: bytes that came before this source's first.
    ToldSource(std::unique_ptr<storage::ByteSource> source, Tell tell, std::uint64_t done)
        : source_(std::move(source)), tell_(std::move(tell)), done_(done) {}
    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = source_->read(into);
        done_ += count;
        tell_(done_);
        return count;
    }

private:
    std::unique_ptr<storage::ByteSource> source_;
    Tell tell_;
    std::uint64_t done_;
};

} // namespace lib::worker
