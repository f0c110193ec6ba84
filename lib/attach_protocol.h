// What a monitor and its attach clients say to each other over a SOCK_STREAM unix socket.
//
// A frame is a header of four bytes (type, zero, payload size as little-endian 16 bits) and its payload. The sizes are
// bounded, so both sides have fixed buffers. Anything out of line is `malformed`, and the connection is dropped.
// There is no detach frame: a client detaches by closing its end, which also covers one that was killed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lib {

enum class FrameType : std::uint8_t {
    stdin_data = 1,   ///< client -> monitor: 1 to max_stdin_payload bytes for the container
    stdin_eof = 2,    ///< client -> monitor: no more of it; closes the container's standard input (not a terminal's)
    resize = 3,       ///< client -> monitor: rows, columns as little-endian 16 bits
    stdout_data = 4,  ///< monitor -> client: 1 to max_payload bytes; everything a terminal prints
    stderr_data = 5,  ///< monitor -> client
    exit_status = 6,  ///< monitor -> client: exit code, little-endian 32 bits; the last frame
    output_lost = 7,  ///< monitor -> client: an output that the client handed over takes no more: errno, little-endian 32 bits
};

enum class FrameSender : std::uint8_t { client, monitor };

inline constexpr std::size_t frame_header_size = 4;
inline constexpr std::size_t max_payload = 57344; ///< whole pages, and whole log records (max_record_text) when it is full
inline constexpr std::size_t max_stdin_payload = 4096; ///< smaller: the monitor has a buffer for it per client
inline constexpr std::size_t max_frame = frame_header_size + max_payload;
inline constexpr std::size_t max_client_frame = frame_header_size + max_stdin_payload;

struct WindowSize {
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
    bool operator==(const WindowSize&) const = default;
};

struct Frame {
    FrameType type = FrameType::stdin_eof;
    std::span<const std::byte> payload; ///< inside the decoded bytes
};

enum class FrameOutcome : std::uint8_t { complete, incomplete, malformed };

struct DecodedFrame {
    FrameOutcome outcome = FrameOutcome::incomplete;
    Frame frame;            ///< when complete
    std::size_t size = 0;   ///< when complete: bytes to drop, header included
};

/// Looks at the beginning of `bytes`. A header that `sender` may not send is malformed at once, before its payload came.
DecodedFrame decode_frame(std::span<const std::byte> bytes, FrameSender sender) noexcept;

using FrameHeader = std::array<std::byte, frame_header_size>;
/// `payload_size` within the bounds above.
FrameHeader encode_header(FrameType type, std::size_t payload_size) noexcept;

using ShortFrame = std::array<std::byte, frame_header_size + 4>;
ShortFrame encode_resize(WindowSize size) noexcept;
ShortFrame encode_exit_status(std::int32_t exit_code) noexcept;
ShortFrame encode_output_lost(int error) noexcept;

/// The payload of a complete resize, exit_status or output_lost frame.
WindowSize decode_resize(const Frame& frame) noexcept;
std::int32_t decode_exit_status(const Frame& frame) noexcept;
int decode_output_lost(const Frame& frame) noexcept;

} // namespace lib
