// Frames, see lib/attach_protocol.h.
#include "lib/attach_protocol.h"

#include <algorithm>
#include <optional>

namespace lib {
namespace {

constexpr std::byte low(std::size_t value) noexcept { return static_cast<std::byte>(value & 0xff); }

std::uint16_t read_16(std::span<const std::byte> bytes, std::size_t at) noexcept {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) | std::to_integer<unsigned>(bytes[at + 1]) << 8);
}

struct Sizes {
    std::size_t least;
    std::size_t most;
};

/// What a payload of this type may measure when this side sends it; nullopt when it may not send it at all.
std::optional<Sizes> allowed_sizes(std::byte type, FrameSender sender) noexcept {
    const bool client = sender == FrameSender::client;
    switch (static_cast<FrameType>(type)) {
    case FrameType::stdin_data: return client ? std::optional(Sizes{1, max_stdin_payload}) : std::nullopt;
    case FrameType::stdin_eof: return client ? std::optional(Sizes{0, 0}) : std::nullopt;
    case FrameType::resize: return client ? std::optional(Sizes{4, 4}) : std::nullopt;
    case FrameType::stdout_data:
    case FrameType::stderr_data: return client ? std::nullopt : std::optional(Sizes{1, max_payload});
    case FrameType::exit_status:
    case FrameType::output_lost: return client ? std::nullopt : std::optional(Sizes{4, 4});
    }
    return std::nullopt;
}

ShortFrame encode_short(FrameType type, std::uint32_t value) noexcept {
    ShortFrame frame{};
    const FrameHeader header = encode_header(type, 4);
    std::copy(header.begin(), header.end(), frame.begin());
    for (std::size_t i = 0; i < 4; ++i) frame[frame_header_size + i] = low(value >> (8 * i));
    return frame;
}

} // namespace

DecodedFrame decode_frame(std::span<const std::byte> bytes, FrameSender sender) noexcept {
    if (bytes.size() < frame_header_size) return {};
    const auto sizes = allowed_sizes(bytes[0], sender);
    const std::size_t size = read_16(bytes, 2);
    if (!sizes || bytes[1] != std::byte{0} || size < sizes->least || size > sizes->most)
        return {FrameOutcome::malformed, {}, 0};
    if (bytes.size() < frame_header_size + size) return {};
    return {FrameOutcome::complete, {static_cast<FrameType>(bytes[0]), bytes.subspan(frame_header_size, size)}, frame_header_size + size};
}

FrameHeader encode_header(FrameType type, std::size_t payload_size) noexcept {
    return {static_cast<std::byte>(type), std::byte{0}, low(payload_size), low(payload_size >> 8)};
}

ShortFrame encode_resize(WindowSize size) noexcept {
    return encode_short(FrameType::resize, static_cast<std::uint32_t>(size.columns) << 16 | size.rows);
}

ShortFrame encode_exit_status(std::int32_t exit_code) noexcept {
    return encode_short(FrameType::exit_status, static_cast<std::uint32_t>(exit_code));
}

ShortFrame encode_output_lost(int error) noexcept { return encode_short(FrameType::output_lost, static_cast<std::uint32_t>(error)); }

WindowSize decode_resize(const Frame& frame) noexcept { return {read_16(frame.payload, 0), read_16(frame.payload, 2)}; }

std::int32_t decode_exit_status(const Frame& frame) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(read_16(frame.payload, 2)) << 16 | read_16(frame.payload, 0));
}

int decode_output_lost(const Frame& frame) noexcept { return decode_exit_status(frame); }

} // namespace lib
