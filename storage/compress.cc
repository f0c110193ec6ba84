// See storage/compress.h.
#include "storage/compress.h"

#include "base/error.h"

#include <zlib.h>
#include <zstd.h>
#ifdef CTL_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include <cstdint>
#include <vector>

namespace storage {
namespace {

constexpr std::size_t chunk_size = 256 << 10;

/// Plain bytes that an encoder has not taken yet.
class EncoderInput {
public:
    explicit EncoderInput(ByteSource& source) : source_(source), buffer_(chunk_size) {}

    /// Unread bytes; empty only at the end.
    std::span<std::byte> peek() {
        if (begin_ == end_ && !ended_) {
            begin_ = 0;
            end_ = source_.read(buffer_);
            ended_ = end_ == 0;
        }
        return std::span(buffer_).subspan(begin_, end_ - begin_);
    }
    void consume(std::size_t count) noexcept { begin_ += count; }
    bool ended() const noexcept { return ended_; }

private:
    ByteSource& source_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool ended_ = false;
};

class PlainSource : public ByteSource {
public:
    explicit PlainSource(ByteSource& plain) : plain_(plain) {}
    std::size_t read(std::span<std::byte> into) override { return plain_.read(into); }

private:
    ByteSource& plain_;
};

class ZlibEncoder : public ByteSource {
public:
    ZlibEncoder(ByteSource& plain, int level) : input_(plain) {
        constexpr int gzip_window = 15 + 16;
        if (::deflateInit2(&state_, level, Z_DEFLATED, gzip_window, 9, Z_DEFAULT_STRATEGY) != Z_OK) throw Error("zlib: cannot start");
    }
    ~ZlibEncoder() override { ::deflateEnd(&state_); }

    std::size_t read(std::span<std::byte> into) override {
        while (!done_ && !into.empty()) {
            const auto bytes = input_.peek();
            state_.next_in = reinterpret_cast<Bytef*>(bytes.data());
            state_.avail_in = static_cast<uInt>(bytes.size());
            state_.next_out = reinterpret_cast<Bytef*>(into.data());
            state_.avail_out = static_cast<uInt>(into.size());
            const int result = ::deflate(&state_, input_.ended() ? Z_FINISH : Z_NO_FLUSH);
            if (result == Z_STREAM_ERROR) throw Error("zlib: cannot compress");
            done_ = result == Z_STREAM_END;
            input_.consume(bytes.size() - state_.avail_in);
            if (const std::size_t produced = into.size() - state_.avail_out; produced > 0) return produced;
        }
        return 0;
    }

private:
    EncoderInput input_;
    z_stream state_{};
    bool done_ = false;
};

#ifdef CTL_HAVE_ISAL
class IsalEncoder : public ByteSource {
public:
    explicit IsalEncoder(ByteSource& plain) : input_(plain), state_(std::make_unique<isal_zstream>()), level_buffer_(ISAL_DEF_LVL3_DEFAULT) {
        ::isal_deflate_init(state_.get());
        state_->gzip_flag = IGZIP_GZIP;
        state_->level = 3;
        state_->level_buf = level_buffer_.data();
        state_->level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    }

    std::size_t read(std::span<std::byte> into) override {
        while (state_->internal_state.state != ZSTATE_END && !into.empty()) {
            const auto bytes = input_.peek();
            state_->next_in = reinterpret_cast<std::uint8_t*>(bytes.data());
            state_->avail_in = static_cast<std::uint32_t>(bytes.size());
            state_->end_of_stream = input_.ended() ? 1 : 0;
            state_->next_out = reinterpret_cast<std::uint8_t*>(into.data());
            state_->avail_out = static_cast<std::uint32_t>(into.size());
            if (::isal_deflate(state_.get()) != COMP_OK) throw Error("ISA-L: cannot compress");
            input_.consume(bytes.size() - state_->avail_in);
            if (const std::size_t produced = into.size() - state_->avail_out; produced > 0) return produced;
        }
        return 0;
    }

private:
    EncoderInput input_;
    std::unique_ptr<isal_zstream> state_;
    std::vector<std::uint8_t> level_buffer_;
};
#endif

struct EncoderCloser {
    void operator()(ZSTD_CCtx* context) const noexcept { ::ZSTD_freeCCtx(context); }
};

class ZstdEncoder : public ByteSource {
public:
    ZstdEncoder(ByteSource& plain, int level) : input_(plain), context_(::ZSTD_createCCtx()) {
        if (!context_) throw Error("zstd: out of memory");
        ::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
        ::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    }

    std::size_t read(std::span<std::byte> into) override {
        while (!done_ && !into.empty()) {
            const auto bytes = input_.peek();
            ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
            ZSTD_outBuffer out{into.data(), into.size(), 0};
            const std::size_t left = ::ZSTD_compressStream2(context_.get(), &out, &in, input_.ended() ? ZSTD_e_end : ZSTD_e_continue);
            if (::ZSTD_isError(left) != 0) throw Error("zstd: ", ::ZSTD_getErrorName(left));
            done_ = input_.ended() && left == 0;
            input_.consume(in.pos);
            if (out.pos > 0) return out.pos;
        }
        return 0;
    }

private:
    EncoderInput input_;
    std::unique_ptr<ZSTD_CCtx, EncoderCloser> context_;
    bool done_ = false;
};

} // namespace

void check_level(Packing packing, std::optional<int> level) {
    if (!level || packing == Packing::none) return;
    const int most = packing == Packing::zstd ? 22 : 9;
    if (*level < 1 || *level > most)
        throw Error("compression level ", *level, ": ", packing == Packing::zstd ? "zstd" : "gzip", " has 1 to ", most);
}

std::unique_ptr<ByteSource> open_compressed(ByteSource& plain, Packing packing, std::optional<int> level) {
    check_level(packing, level);
    if (packing == Packing::none) return std::make_unique<PlainSource>(plain);
    if (packing == Packing::zstd) return std::make_unique<ZstdEncoder>(plain, level.value_or(3));
#ifdef CTL_HAVE_ISAL
    if (!level) return std::make_unique<IsalEncoder>(plain);
#endif
    return std::make_unique<ZlibEncoder>(plain, level.value_or(6));
}

} // namespace storage
