// Writes the index's stream while a layer is being read: which bytes of the tar are in which file, and all the others.
// Private to storage/; the format is in storage/layer_index.h, the way back in storage/rebuild.cc.
//
// The tar reader says where in the stream a block of content lies; that is compared with the stream before it is
// believed, so a wrong position costs space and never correctness.
#pragma once

#include "base/unique_fd.h"
#include "storage/layer_stream.h"
#include "storage/tar_reader.h"
#include "storage/zstd_stream.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>

namespace storage {

class StreamRecorder : public TarInput {
public:
    /// `index_file` is empty and gets room for the header, then the stream. Both must outlive this.
    StreamRecorder(LayerStream& stream, int index_file);

    /// The stream's next bytes, valid until the next call; empty at the end.
    std::span<const std::byte> pull() override;
    /// Bytes pulled so far.
    std::uint64_t pulled() const noexcept override { return window_end_; }

    /// `block`, which begins at `position` of the stream, has gone to `offset` of the file of `entry`.
    void mark_content(std::uint64_t position, std::span<const std::byte> block, std::uint32_t entry, std::uint64_t offset);
    /// Everything before `position` that is not content is kept as it is.
    void keep_until(std::uint64_t position) override;
    /// After the stream's end.
    void finish();

    std::uint64_t length() const noexcept { return length_; } ///< of the compressed stream, bytes
    std::uint32_t crc() const noexcept { return crc_; }

private:
    bool matches(std::uint64_t position, std::span<const std::byte> block) const;
    void emit_raw(std::uint64_t until);
    void emit_content();
    void drop_before(std::uint64_t position);
    void put(std::uint64_t value, std::size_t size);

    /// Content of which more may follow directly.
    struct Content {
        std::uint32_t entry = 0;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };

    LayerStream& stream_;
    int index_file_;
    std::deque<ChunkPtr> window_; ///< chunks with bytes from done_ on, and at least the one pulled last
    std::uint64_t window_begin_ = 0;
    std::uint64_t window_end_ = 0;
    std::uint64_t done_ = 0;      ///< everything before it has been emitted or is in content_
    bool has_content_ = false;
    Content content_;
    std::uint64_t length_ = 0;
    std::uint32_t crc_ = 0;
    ZstdWriter compressed_;
};

} // namespace storage
