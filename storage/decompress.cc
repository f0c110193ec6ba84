// Telling formats apart and holding them to limits, see storage/decompress.h.
#include "storage/decompress.h"

#include "base/error.h"
#include "storage/decoder.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace storage {
namespace {

class PlainDecoder : public ByteSource {
public:
    explicit PlainDecoder(DecoderInput& input) : input_(input) {}
    std::size_t read(std::span<std::byte> into) override {
        const auto bytes = input_.peek();
        const std::size_t count = std::min(bytes.size(), into.size());
        std::copy_n(bytes.begin(), count, into.begin());
        input_.consume(count);
        return count;
    }

private:
    DecoderInput& input_;
};

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
    return bytes.size() >= magic.size()
           && std::equal(magic.begin(), magic.end(), bytes.begin(),
                         [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

/// zstd frames begin with one magic number, skippable frames (in front of which a stream may have some) with sixteen.
bool is_zstd(std::span<const std::byte> bytes) {
    return starts_with(bytes, "\x28\xb5\x2f\xfd")
           || (bytes.size() >= 4 && (bytes[0] & std::byte{0xf0}) == std::byte{0x50} && bytes[1] == std::byte{0x2a}
               && bytes[2] == std::byte{0x4d} && bytes[3] == std::byte{0x18});
}

std::unique_ptr<ByteSource> make_decoder(DecoderInput& input) {
    const auto magic = input.peek(6);
    if (is_gzip(magic)) return make_gzip_decoder(input);
    if (is_zstd(magic)) return make_zstd_decoder(input);
    if (starts_with(magic, std::string_view("\xfd\x37zXZ\0", 6))) throw Error("the layer is compressed with xz: only gzip and zstd are supported");
    if (starts_with(magic, "BZh")) throw Error("the layer is compressed with bzip2: only gzip and zstd are supported");
    return std::make_unique<PlainDecoder>(input);
}

class LimitedDecoder : public ByteSource {
public:
    LimitedDecoder(ByteSource& compressed, const DecompressLimits& limits)
        : input_(compressed), decoder_(make_decoder(input_)), limits_(limits) {}

    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = decoder_->read(into);
        total_ += count;
        if (total_ > limits_.max_bytes) throw Error("the layer unpacks to more than ", limits_.max_bytes, " bytes: refused");
        if (total_ > limits_.ratio_free_bytes && total_ / limits_.max_ratio > input_.total())
            throw Error("the layer unpacks to more than ", limits_.max_ratio, " times its size: refused as a decompression bomb");
        return count;
    }

private:
    DecoderInput input_;
    std::unique_ptr<ByteSource> decoder_;
    DecompressLimits limits_;
    std::uint64_t total_ = 0;
};

} // namespace

std::unique_ptr<ByteSource> open_decompressed(ByteSource& compressed, const DecompressLimits& limits) {
    return std::make_unique<LimitedDecoder>(compressed, limits);
}

} // namespace storage
