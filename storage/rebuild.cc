// Replays the stream of a layer's index, see storage/rebuild.h.
#include "storage/rebuild.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/decoder.h"
#include "storage/file_attributes.h"
#include "storage/layer_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace storage {
namespace {

/// A part of a file.
class FileRange : public ByteSource {
public:
    FileRange(UniqueFd fd, std::uint64_t offset, std::uint64_t length, std::string name)
        : fd_(std::move(fd)), offset_(offset), left_(length), name_(std::move(name)) {}

    std::size_t read(std::span<std::byte> into) override {
        const std::size_t wanted = std::min<std::uint64_t>(into.size(), left_);
        if (wanted == 0) return 0;
        const ssize_t n = ::pread(fd_.get(), into.data(), wanted, static_cast<off_t>(offset_));
        if (n < 0) throw SysError{errno, cat("read ", name_)};
        if (n == 0) throw Error(name_, ": shorter than when it was unpacked");
        offset_ += static_cast<std::uint64_t>(n);
        left_ -= static_cast<std::uint64_t>(n);
        return static_cast<std::size_t>(n);
    }

private:
    UniqueFd fd_;
    std::uint64_t offset_;
    std::uint64_t left_;
    std::string name_;
};

class LayerTar : public ByteSource {
public:
    explicit LayerTar(UniqueFd layer)
        : index_(load_index(fd_path(layer.get()))), layer_(std::move(layer)),
          stream_file_(files::open_beneath(layer_.get(), "index", O_RDONLY | O_NONBLOCK), index_.stream_offset, index_.stream_length, "index"),
          stream_input_(stream_file_), stream_(make_zstd_decoder(stream_input_)) {
        raw_left_ = number(sizeof(std::uint64_t));
    }

    std::size_t read(std::span<std::byte> into) override {
        if (into.empty()) return 0;
        while (!ended_) {
            if (raw_left_ > 0) return read_raw(into);
            if (!content_) {
                start_content();
                continue;
            }
            if (const std::size_t count = content_->read(into); count > 0) return count;
            content_.reset();
            raw_left_ = number(sizeof(std::uint64_t));
        }
        return 0;
    }

private:
    std::size_t read_raw(std::span<std::byte> into) {
        const std::size_t count = stream_->read(into.first(std::min<std::uint64_t>(into.size(), raw_left_)));
        if (count == 0) throw Error("layer index: its stream ends too early");
        raw_left_ -= count;
        return count;
    }

    void start_content() {
        const auto entry = static_cast<std::uint32_t>(number(sizeof(std::uint32_t)));
        const std::uint64_t offset = number(sizeof(std::uint64_t));
        const std::uint64_t length = number(sizeof(std::uint64_t));
        ended_ = entry == no_entry;
        if (ended_) return;
        if (length == 0) { // raw bytes follow raw bytes
            raw_left_ = number(sizeof(std::uint64_t));
            return;
        }
        if (entry >= index_.entries.size()) throw Error("layer index: its stream names an entry that is not there");
        const IndexEntry& file = index_.entries[entry];
        const std::string path = file.location.empty() ? "fs/" + file.path : file.location;
        content_ = std::make_unique<FileRange>(files::open_beneath(layer_.get(), path, O_RDONLY | O_NONBLOCK), offset, length, path);
    }

    std::uint64_t number(std::size_t size) {
        std::byte bytes[sizeof(std::uint64_t)];
        for (std::size_t filled = 0; filled < size;) {
            const std::size_t count = stream_->read(std::span(bytes, size).subspan(filled));
            if (count == 0) throw Error("layer index: its stream ends too early");
            filled += count;
        }
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
        return value;
    }

    LayerIndex index_;
    UniqueFd layer_;
    FileRange stream_file_;
    DecoderInput stream_input_;
    std::unique_ptr<ByteSource> stream_;
    std::uint64_t raw_left_ = 0;
    std::unique_ptr<FileRange> content_;
    bool ended_ = false;
};

} // namespace

std::unique_ptr<ByteSource> open_layer_tar(const Store& store, const std::string& diff_id) {
    return std::make_unique<LayerTar>(store.open_layer(diff_id));
}

} // namespace storage
