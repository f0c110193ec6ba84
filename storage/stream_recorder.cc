// See storage/stream_recorder.h.
#include "storage/stream_recorder.h"

#include "base/sys.h"
#include "storage/layer_index.h"

#include <algorithm>
#include <cstring>

namespace storage {
namespace {

/// Bytes the reader skips are kept no longer than this: they will not be called content any more.
constexpr std::uint64_t max_window = 8 << 20;

} // namespace

StreamRecorder::StreamRecorder(LayerStream& stream, int index_file)
    : stream_(stream), index_file_(index_file), compressed_([this](std::string_view bytes) {
          sys::write_all(index_file_, bytes, "layer index");
          length_ += bytes.size();
          crc_ = crc32_update(crc_, bytes);
      }) {
    sys::write_all(index_file_, std::string(index_header_size, '\0'), "layer index");
}

std::span<const std::byte> StreamRecorder::pull() {
    ChunkPtr chunk = stream_.next();
    if (!chunk) return {};
    if (window_end_ - done_ > max_window) keep_until(window_end_ - max_window);
    window_.push_back(chunk);
    window_end_ += chunk->bytes.size();
    drop_before(done_);
    return window_.back()->bytes;
}

bool StreamRecorder::matches(std::uint64_t position, std::span<const std::byte> block) const {
    if (position < done_ || position + block.size() > window_end_) return false;
    std::uint64_t begin = window_begin_;
    for (const ChunkPtr& chunk : window_) {
        const std::uint64_t end = begin + chunk->bytes.size();
        if (position < end) {
            const std::size_t at = position - begin;
            const std::size_t count = std::min<std::size_t>(block.size(), end - position);
            const std::byte* here = chunk->bytes.data() + at;
            // The reader hands out our own memory unless a block spans two chunks.
            if (here != block.data() && std::memcmp(here, block.data(), count) != 0) return false;
            block = block.subspan(count);
            position += count;
            if (block.empty()) return true;
        }
        begin = end;
    }
    return block.empty();
}

void StreamRecorder::mark_content(std::uint64_t position, std::span<const std::byte> block, std::uint32_t entry,
                                  std::uint64_t offset) {
    if (block.empty() || !matches(position, block)) return; // stays in the window and is kept as raw bytes
    const bool continues = has_content_ && position == done_ && content_.entry == entry
                           && content_.offset + content_.length == offset;
    if (!continues) {
        emit_raw(position);
        content_ = {entry, offset, 0};
        has_content_ = true;
    }
    content_.length += block.size();
    done_ = position + block.size();
}

void StreamRecorder::keep_until(std::uint64_t position) {
    if (position <= done_) return;
    emit_raw(position);
    content_ = {};
    has_content_ = true; // of no length: raw bytes follow raw bytes
}

/// Closes the step begun (raw bytes without their content) and begins another with the raw bytes up to `until`.
void StreamRecorder::emit_raw(std::uint64_t until) {
    if (has_content_) emit_content();
    has_content_ = false;
    put(until - done_, sizeof(std::uint64_t));
    std::uint64_t begin = window_begin_;
    for (const ChunkPtr& chunk : window_) {
        const std::uint64_t end = begin + chunk->bytes.size();
        const std::uint64_t from = std::max(begin, done_);
        const std::uint64_t to = std::min(end, until);
        if (from < to) compressed_.write({reinterpret_cast<const char*>(chunk->bytes.data()) + (from - begin), to - from});
        begin = end;
    }
    done_ = until;
}

void StreamRecorder::emit_content() {
    put(content_.entry, sizeof(std::uint32_t));
    put(content_.offset, sizeof(std::uint64_t));
    put(content_.length, sizeof(std::uint64_t));
}

void StreamRecorder::drop_before(std::uint64_t position) {
    while (window_.size() > 1 && window_begin_ + window_.front()->bytes.size() <= position) {
        window_begin_ += window_.front()->bytes.size();
        window_.pop_front();
    }
}

void StreamRecorder::put(std::uint64_t value, std::size_t size) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    compressed_.write({bytes, size});
}

void StreamRecorder::finish() {
    emit_raw(window_end_);
    content_ = {no_entry, 0, 0};
    emit_content();
    compressed_.finish();
}

} // namespace storage
