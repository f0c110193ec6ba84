// Moving data between descriptors without copying it: splice(2) and tee(2), with an answer to who was not ready.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lib {

/// What a standard stream of the caller's is, as far as moving data goes.
enum class StreamKind : std::uint8_t {
    pipe,     ///< may be spliced, and never blocks then
    file,     ///< a regular file or /dev/null: takes and gives everything at once
    other,    ///< a terminal, a socket: may block, is read and written in small pieces when poll(2) says so
    absent,   ///< not open
};
StreamKind stream_kind(int fd) noexcept;

enum class MoveOutcome : std::uint8_t {
    moved,
    ended,         ///< nothing more comes from the source
    source_empty,
    target_full,
    target_closed, ///< nobody reads it any more
    failed,        ///< `error`; EINVAL: one of the two cannot be spliced
};
struct Moved {
    MoveOutcome outcome = MoveOutcome::moved;
    std::size_t size = 0;
    int error = 0;
};

/// At most `most` bytes, never waiting for a pipe. One of the two is a pipe.
Moved try_splice(int from, int to, std::size_t most) noexcept;
/// The same, and the source keeps them. Both are pipes.
Moved try_tee(int from, int to, std::size_t most) noexcept;

/// Makes a pipe large enough for streams that are measured in gigabytes; not for every pipe, since what a user's pipes
/// may hold together is limited (fs.pipe-user-pages-soft), and beyond it each gets a page or two.
void widen_pipe(int fd) noexcept;

} // namespace lib
