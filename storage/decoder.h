// What the decompressors share: a refilled input buffer. Private to storage/.
#pragma once

#include "storage/byte_source.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace storage {

/// Bytes of a source that a decoder has not taken yet.
class DecoderInput {
public:
    explicit DecoderInput(ByteSource& source) : source_(source), buffer_(headroom + buffer_size) {}

    /// Unread bytes: at least `wanted` (of a few) unless the source ends before; empty only at its end.
    std::span<const std::byte> peek(std::size_t wanted = 1) {
        while (end_ - begin_ < wanted && !ended_) {
            if (begin_ > headroom) { // whatever is left is shorter than `wanted`: a few bytes
                std::memmove(buffer_.data() + headroom, buffer_.data() + begin_, end_ - begin_);
                end_ = headroom + (end_ - begin_);
                begin_ = headroom;
            }
            const std::size_t count = source_.read(std::span(buffer_).subspan(end_));
            ended_ = count == 0;
            end_ += count;
            total_ += count;
        }
        return std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
    }

    void consume(std::size_t count) noexcept { begin_ += std::min(count, end_ - begin_); }

    /// Gives back bytes a decoder took too many of; at most `headroom` of them.
    void put_back(std::span<const std::byte> bytes) {
        begin_ -= bytes.size();
        std::memcpy(buffer_.data() + begin_, bytes.data(), bytes.size());
    }

    std::uint64_t total() const noexcept { return total_; } ///< bytes taken from the source so far

    static constexpr std::size_t headroom = 16;

private:
    static constexpr std::size_t buffer_size = 256 << 10;
    ByteSource& source_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = headroom;
    std::size_t end_ = headroom;
    bool ended_ = false;
    std::uint64_t total_ = 0;
};

/// Decoders read from an input that outlives them.
std::unique_ptr<ByteSource> make_gzip_decoder(DecoderInput& input);
std::unique_ptr<ByteSource> make_zlib_decoder(DecoderInput& input); ///< gzip too, by the slower library
std::unique_ptr<ByteSource> make_zstd_decoder(DecoderInput& input);

inline bool is_gzip(std::span<const std::byte> bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

} // namespace storage
