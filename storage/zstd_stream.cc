// zstd, see storage/decompress.h; and the compression of the index's stream.
#include "storage/zstd_stream.h"

#include "base/error.h"
#include "storage/decoder.h"

#include <zstd.h>

#include <vector>

namespace storage {
namespace {

struct DecoderCloser {
    void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
};

class ZstdDecoder : public ByteSource {
public:
    explicit ZstdDecoder(DecoderInput& input) : input_(input), context_(::ZSTD_createDCtx()) {
        constexpr int max_window_log = 27; // 128 MiB: what `zstd -19 --long` needs, and our bound on memory
        if (!context_) throw Error("zstd: out of memory");
        ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, max_window_log);
    }

    std::size_t read(std::span<std::byte> into) override {
        for (;;) {
            const auto bytes = input_.peek();
            if (bytes.empty() && !in_frame_) return 0;
            ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
            ZSTD_outBuffer out{into.data(), into.size(), 0};
            const std::size_t result = ::ZSTD_decompressStream(context_.get(), &out, &in);
            if (::ZSTD_isError(result) != 0) throw Error("zstd data is damaged: ", ::ZSTD_getErrorName(result));
            in_frame_ = result != 0; // 0: a frame is complete, the next byte begins another
            input_.consume(in.pos);
            if (out.pos > 0 || into.empty()) return out.pos;
            if (bytes.empty() && in_frame_) throw Error("zstd data ends in the middle: the layer is truncated");
        }
    }

private:
    DecoderInput& input_;
    std::unique_ptr<ZSTD_DCtx, DecoderCloser> context_;
    bool in_frame_ = false;
};

} // namespace

std::unique_ptr<ByteSource> make_zstd_decoder(DecoderInput& input) { return std::make_unique<ZstdDecoder>(input); }

struct ZstdWriter::Context {
    Context() : zstd(::ZSTD_createCCtx()), buffer(::ZSTD_CStreamOutSize()) {
        if (zstd == nullptr) throw Error("zstd: out of memory");
        ::ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 3);
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { ::ZSTD_freeCCtx(zstd); }
    ZSTD_CCtx* zstd;
    std::vector<char> buffer;
};

ZstdWriter::ZstdWriter(std::function<void(std::string_view)> sink)
    : context_(std::make_unique<Context>()), sink_(std::move(sink)) {}
ZstdWriter::~ZstdWriter() = default;

void ZstdWriter::write(std::string_view bytes) { compress(bytes, false); }
void ZstdWriter::finish() { compress({}, true); }

void ZstdWriter::compress(std::string_view bytes, bool last) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
        ZSTD_outBuffer out{context_->buffer.data(), context_->buffer.size(), 0};
        const std::size_t left = ::ZSTD_compressStream2(context_->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (::ZSTD_isError(left) != 0) throw Error("zstd: ", ::ZSTD_getErrorName(left));
        if (out.pos > 0) sink_({context_->buffer.data(), out.pos});
        if (last ? left == 0 : in.pos == in.size) return;
    }
}

} // namespace storage
