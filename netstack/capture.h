// A copy of all frames of a link into a pipe, as a pcap file (the format of tcpdump -w; LINKTYPE_ETHERNET, microseconds).
//
// A link around another one. While nobody captures a frame costs a comparison more. The reader of the pipe is never waited for: a
// frame that does not fit in is left out and counted, and when the reader is gone the capture is over. Frames are as they cross the
// link: up to 64 KiB where kernels leave the cutting to others, with checksums that are not computed yet.
#pragma once

#include "base/unique_fd.h"
#include "netstack/link.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace netstack {

inline constexpr std::size_t pcap_header = 24;
inline constexpr std::size_t pcap_record_header = 16;
inline constexpr std::uint32_t most_snap_length = 65'535 + 14;

class CapturedLink final : public Link {
public:
    /// `lost`: where frames are counted that had no room in the pipe.
    CapturedLink(Link& link, std::uint64_t& lost) noexcept : link_(link), lost_(lost) {}

    ssize_t read(wire::MutableBytes into) noexcept override;
    bool write(std::span<const iovec> pieces) noexcept override;

    /// `pipe` is non-blocking and empty. 0, or errno; EBUSY while another capture goes on.
    [[nodiscard]] int start(UniqueFd pipe, std::uint32_t snap_length) noexcept;
    void stop() noexcept;
    bool is_on() const noexcept { return static_cast<bool>(pipe_); }
    int pipe() const noexcept { return pipe_.get(); }

private:
    void record(std::span<const iovec> frame) noexcept;
    bool write_out(std::span<iovec> pieces) noexcept;
    bool flush() noexcept;

    Link& link_;
    std::uint64_t& lost_;
    UniqueFd pipe_;
    std::uint32_t snap_length_ = 0;
    std::unique_ptr<std::byte[]> rest_; ///< of a record that did not go into the pipe as a whole
    std::size_t rest_at_ = 0, rest_size_ = 0;
};

} // namespace netstack
