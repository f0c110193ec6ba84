// The wire to a container: Ethernet frames, each behind a vnet header (netstack/wire/vnet.h). A TAP, or a decorator of one.
#pragma once

#include "netstack/wire/bytes.h"
#include "netstack/wire/ethernet.h"

#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>

namespace netstack {

/// What the other end of the link can be asked to do itself.
struct LinkFeatures {
    bool udp_segmentation = false; ///< larger UDP packets to be cut up, both ways (kernel 6.2)
};

class Link {
public:
    /// One frame: its size, 0 when there is none now, negative when the link is gone.
    virtual ssize_t read(wire::MutableBytes into) noexcept = 0;
    /// One frame in pieces; false when it was not taken, which is a loss like any other.
    virtual bool write(std::span<const iovec> pieces) noexcept = 0;

protected:
    ~Link() = default;
};

/// `fd` is borrowed, non-blocking, made by configure_tap().
class TapLink final : public Link {
public:
    explicit TapLink(int fd) noexcept : fd_(fd) {}
    ssize_t read(wire::MutableBytes into) noexcept override;
    bool write(std::span<const iovec> pieces) noexcept override;
    /// Of the interface inside.
    std::optional<wire::MacAddress> peer_mac() const noexcept;

private:
    int fd_;
};

/// The largest frame: vnet and Ethernet header, an IP packet of 64 KiB.
inline constexpr std::size_t largest_frame = 10 + 14 + 65'535;

} // namespace netstack
