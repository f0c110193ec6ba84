// Datagrams of one size and one way that go to the container as one frame, which its kernel cuts up again (USO, netstack.md 2.1): a write(2)
// to the TAP costs more than all else about a small datagram.
#pragma once

#include "netstack/frame_writer.h"

#include <array>
#include <cstddef>

namespace netstack {

/// Received behind each other, so joining them is no copy. Used within a turn: flush() before anybody waits.
class UdpRun {
public:
    explicit UdpRun(FrameWriter& frames) noexcept : frames_(frames) {}

    /// Where the next datagram of a socket is received to: room for the largest.
    wire::MutableBytes room() noexcept {
        if (buffer_.size() - end_ < largest) flush();
        return wire::MutableBytes(buffer_).subspan(end_, largest);
    }
    /// `size` bytes of room() were filled, by several of `segment_size` bytes if that is not 0.
    void add(const Ends& ends, std::size_t size, std::size_t segment_size) noexcept {
        const bool follows = count_ > 0 && !closed_ && segment_size == 0 && size > 0 && size <= size_ && count_ < most && end_ - begin_ + size <= largest_payload &&
                             ends == ends_;
        if (!follows && count_ > 0) send();
        if (!follows) {
            ends_ = ends;
            size_ = segment_size != 0 ? segment_size : size;
            closed_ = segment_size != 0 || size == 0;
        }
        closed_ = closed_ || size < size_; // a shorter one is the last
        end_ += size;
        ++count_;
    }
    void flush() noexcept {
        if (count_ > 0) send();
        begin_ = end_ = 0;
    }

private:
    static constexpr std::size_t largest = 65'536;
    static constexpr std::size_t largest_payload = 65'000; ///< of a frame; headers come on top
    static constexpr std::size_t most = 64;                ///< that kernels take in one (UDP_MAX_SEGMENTS)

    void send() noexcept {
        const wire::Bytes bytes = wire::Bytes(buffer_).subspan(begin_, end_ - begin_);
        frames_.send_udp(ends_, bytes, bytes.size() > size_ ? size_ : 0);
        begin_ = end_;
        count_ = 0;
    }

    FrameWriter& frames_;
    std::array<std::byte, 2 * largest> buffer_;
    Ends ends_{};
    std::size_t begin_ = 0, end_ = 0; ///< of the run
    std::size_t count_ = 0, size_ = 0;
    bool closed_ = false;             ///< nothing may follow
};

} // namespace netstack
