// Compression of the index's stream. Private to storage/; the decoder is behind storage/decompress.h.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace storage {

/// Compresses what is written into one zstd frame, handed to `sink` piece by piece.
class ZstdWriter {
public:
    explicit ZstdWriter(std::function<void(std::string_view)> sink);
    ZstdWriter(const ZstdWriter&) = delete;
    ZstdWriter& operator=(const ZstdWriter&) = delete;
    ~ZstdWriter();

    void write(std::string_view bytes);
    void finish();

private:
    void compress(std::string_view bytes, bool last);
    struct Context;
    std::unique_ptr<Context> context_;
    std::function<void(std::string_view)> sink_;
};

} // namespace storage
