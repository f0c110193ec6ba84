// The header a TAP with IFF_VNET_HDR puts before each frame (virtio 1.2, 5.1.6; linux/virtio_net.h): in the machine's byte
// order, ten bytes, without the count of merged buffers.
#pragma once

#include "netstack/wire/bytes.h"

#include <cstdint>
#include <optional>

namespace netstack::wire {

inline constexpr std::size_t vnet_length = 10;

/// What kind of larger packet the frame is to be cut into.
enum class Segmentation : std::uint8_t { none = 0, tcp4 = 1, tcp6 = 4, udp = 5 };

struct VnetHeader {
    bool needs_checksum = false;      ///< from checksum_start on, stored at checksum_start + checksum_offset
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;
    Segmentation segmentation = Segmentation::none;
    std::uint16_t header_length = 0;  ///< all headers together; of segmented frames
    std::uint16_t segment_size = 0;   ///< payload bytes of each segment
};

/// The header at the start of `frame`; nothing where it is too short or of an unknown kind (ECN is ignored).
inline std::optional<VnetHeader> parse_vnet(Bytes frame) noexcept {
    if (frame.size() < vnet_length) return std::nullopt;
    const auto native16 = [&](std::size_t at) noexcept { return __builtin_bswap16(load16(frame, at)); };
    VnetHeader header;
    header.needs_checksum = (load8(frame, 0) & 1) != 0;
    const std::uint8_t kind = load8(frame, 1) & 0x7f;
    if (kind != 0 && kind != 1 && kind != 4 && kind != 5) return std::nullopt;
    header.segmentation = Segmentation{kind};
    header.header_length = native16(2);
    header.segment_size = native16(4);
    header.checksum_start = native16(6);
    header.checksum_offset = native16(8);
    return header;
}

/// `into` has vnet_length bytes.
inline void build_vnet(MutableBytes into, const VnetHeader& header) noexcept {
    const auto native16 = [&](std::size_t at, std::uint16_t value) noexcept { store16(into, at, __builtin_bswap16(value)); };
    store8(into, 0, header.needs_checksum ? 1 : 0);
    store8(into, 1, static_cast<std::uint8_t>(header.segmentation));
    native16(2, header.header_length);
    native16(4, header.segment_size);
    native16(6, header.checksum_start);
    native16(8, header.checksum_offset);
}

} // namespace netstack::wire
