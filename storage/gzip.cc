// gzip by ISA-L, twice as fast as zlib; zlib where ISA-L is not built for the processor. See storage/decompress.h.
#include "base/error.h"
#include "storage/decoder.h"

#include <zlib.h>
#ifdef CTL_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include <array>

namespace storage {
namespace {

[[noreturn]] void fail_truncated() { throw Error("gzip data ends in the middle: the layer is truncated"); }
[[noreturn]] void fail_damaged() { throw Error("gzip data is damaged"); }

/// Whether another member follows the one that ended; anything but a member there is an Error.
bool has_next_member(DecoderInput& input) {
    const auto bytes = input.peek(2);
    if (bytes.empty()) return false;
    if (!is_gzip(bytes)) throw Error("gzip data is followed by something else: refused");
    return true;
}

class ZlibDecoder : public ByteSource {
public:
    explicit ZlibDecoder(DecoderInput& input) : input_(input) {
        constexpr int gzip_window = 15 + 16;
        if (::inflateInit2(&state_, gzip_window) != Z_OK) throw Error("zlib: cannot start");
    }
    ~ZlibDecoder() override { ::inflateEnd(&state_); }

    std::size_t read(std::span<std::byte> into) override {
        for (;;) {
            if (between_members_) {
                if (!has_next_member(input_)) return 0;
                ::inflateReset(&state_);
                between_members_ = false;
            }
            const auto bytes = input_.peek();
            state_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data())); // zlib does not write there
            state_.avail_in = static_cast<uInt>(bytes.size());
            state_.next_out = reinterpret_cast<Bytef*>(into.data());
            state_.avail_out = static_cast<uInt>(into.size());
            const int result = ::inflate(&state_, Z_NO_FLUSH);
            input_.consume(bytes.size() - state_.avail_in);
            const std::size_t produced = into.size() - state_.avail_out;
            if (result == Z_STREAM_END) between_members_ = true;
            else if (result != Z_OK && result != Z_BUF_ERROR) fail_damaged();
            if (produced > 0 || into.empty()) return produced;
            if (bytes.empty() && !between_members_) fail_truncated();
        }
    }

private:
    DecoderInput& input_;
    z_stream state_{};
    bool between_members_ = true;
};

#ifdef CTL_HAVE_ISAL
class IsalDecoder : public ByteSource {
public:
    explicit IsalDecoder(DecoderInput& input) : input_(input), state_(std::make_unique<inflate_state>()) {}

    std::size_t read(std::span<std::byte> into) override {
        for (;;) {
            if (between_members_) {
                if (!has_next_member(input_)) return 0;
                ::isal_inflate_init(state_.get());
                state_->crc_flag = ISAL_GZIP; // reads the header, checks length and CRC of the trailer
                between_members_ = false;
            }
            const auto bytes = input_.peek();
            state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes.data())); // only read
            state_->avail_in = static_cast<std::uint32_t>(bytes.size());
            state_->next_out = reinterpret_cast<std::uint8_t*>(into.data());
            state_->avail_out = static_cast<std::uint32_t>(into.size());
            const int result = ::isal_inflate(state_.get());
            input_.consume(bytes.size() - state_->avail_in);
            if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT) fail_damaged();
            if (state_->block_state == ISAL_BLOCK_FINISH) end_member();
            const std::size_t produced = into.size() - state_->avail_out;
            if (produced > 0 || into.empty()) return produced;
            if (bytes.empty() && !between_members_) fail_truncated();
        }
    }

private:
    /// Whole bytes left in the bit buffer belong to the next member.
    void end_member() {
        std::array<std::byte, sizeof(state_->read_in)> left;
        const auto bits = static_cast<unsigned>(state_->read_in_length);
        std::uint64_t value = state_->read_in >> (bits % 8);
        for (std::size_t i = 0; i < bits / 8; ++i, value >>= 8) left.at(i) = static_cast<std::byte>(value & 0xff);
        input_.put_back(std::span(left).first(bits / 8));
        between_members_ = true;
    }

    DecoderInput& input_;
    std::unique_ptr<inflate_state> state_; // 80 KiB
    bool between_members_ = true;
};
#endif

} // namespace

std::unique_ptr<ByteSource> make_zlib_decoder(DecoderInput& input) { return std::make_unique<ZlibDecoder>(input); }

std::unique_ptr<ByteSource> make_gzip_decoder(DecoderInput& input) {
#ifdef CTL_HAVE_ISAL
    return std::make_unique<IsalDecoder>(input);
#else
    return make_zlib_decoder(input);
#endif
}

} // namespace storage
