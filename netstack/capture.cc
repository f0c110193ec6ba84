// See netstack/capture.h.
#include "netstack/capture.h"

#include "netstack/wire/vnet.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace netstack {
namespace {

constexpr std::size_t most_pieces = 8; ///< of a frame, and its record's header

/// In the byte order of this machine, which the first number tells (draft-ietf-opsawg-pcap, 4).
struct FileHeader {
    std::uint32_t magic = 0xa1b2c3d4;
    std::uint16_t major = 2, minor = 4;
    std::uint32_t reserved[2] = {};
    std::uint32_t snap_length;
    std::uint32_t link_type = 1; ///< LINKTYPE_ETHERNET
};
static_assert(sizeof(FileHeader) == pcap_header);

struct RecordHeader {
    std::uint32_t seconds;
    std::uint32_t microseconds;
    std::uint32_t captured;
    std::uint32_t length;
};
static_assert(sizeof(RecordHeader) == pcap_record_header);

} // namespace

ssize_t CapturedLink::read(wire::MutableBytes into) noexcept {
    const ssize_t size = link_.read(into);
    if (pipe_ && size > 0) {
        const iovec whole{into.data(), static_cast<std::size_t>(size)};
        record({&whole, 1});
    }
    return size;
}

bool CapturedLink::write(std::span<const iovec> pieces) noexcept {
    if (!link_.write(pieces)) return false;
    if (pipe_) record(pieces);
    return true;
}

int CapturedLink::start(UniqueFd pipe, std::uint32_t snap_length) noexcept {
    if (pipe_) return EBUSY;
    snap_length_ = std::clamp<std::uint32_t>(snap_length, 1, most_snap_length);
    rest_.reset(new (std::nothrow) std::byte[pcap_record_header + snap_length_]);
    if (!rest_) return ENOMEM;
    const FileHeader header{.snap_length = snap_length_};
    if (::write(pipe.get(), &header, sizeof header) != static_cast<ssize_t>(sizeof header)) {
        rest_.reset();
        return errno;
    }
    rest_at_ = rest_size_ = 0;
    pipe_ = std::move(pipe);
    return 0;
}

void CapturedLink::stop() noexcept {
    pipe_.reset();
    rest_.reset();
}

/// `frame` with its vnet header, which is left out.
void CapturedLink::record(std::span<const iovec> frame) noexcept {
    if (!flush()) return (void)++lost_;
    if (!pipe_) return;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::array<iovec, most_pieces> pieces{};
    std::size_t count = 1, skip = wire::vnet_length, length = 0, captured = 0;
    for (const iovec& piece : frame.first(std::min(frame.size(), most_pieces - 1))) {
        const std::size_t left_out = std::min(skip, piece.iov_len);
        skip -= left_out;
        const std::size_t size = piece.iov_len - left_out, taken = std::min<std::size_t>(size, snap_length_ - captured);
        length += size;
        captured += taken;
        if (taken > 0) pieces[count++] = {static_cast<std::byte*>(piece.iov_base) + left_out, taken};
    }
    RecordHeader header{static_cast<std::uint32_t>(now.tv_sec), static_cast<std::uint32_t>(now.tv_nsec / 1000),
                        static_cast<std::uint32_t>(captured), static_cast<std::uint32_t>(length)};
    pieces[0] = {&header, sizeof header};
    if (!write_out(std::span(pieces).first(count))) ++lost_;
}

/// All of it, or nothing: what the pipe has not taken of a record that it has begun is kept for later.
bool CapturedLink::write_out(std::span<iovec> pieces) noexcept {
    ssize_t written;
    do written = ::writev(pipe_.get(), pieces.data(), static_cast<int>(pieces.size()));
    while (written < 0 && errno == EINTR);
    if (written < 0) {
        if (errno == EAGAIN) return false;
        stop(); // EPIPE: nobody reads any more
        return true;
    }
    auto behind = static_cast<std::size_t>(written);
    rest_at_ = rest_size_ = 0;
    for (const iovec& piece : pieces) {
        const std::size_t done = std::min(behind, piece.iov_len);
        behind -= done;
        std::memcpy(rest_.get() + rest_size_, static_cast<const std::byte*>(piece.iov_base) + done, piece.iov_len - done);
        rest_size_ += piece.iov_len - done;
    }
    return true;
}

/// False while something of an earlier record is left.
bool CapturedLink::flush() noexcept {
    while (rest_at_ < rest_size_) {
        const ssize_t written = ::write(pipe_.get(), rest_.get() + rest_at_, rest_size_ - rest_at_);
        if (written >= 0) rest_at_ += static_cast<std::size_t>(written);
        else if (errno == EAGAIN) return false;
        else if (errno != EINTR) return stop(), true;
    }
    return true;
}

} // namespace netstack
