// Moving one direction of a flow: socket -> pipe -> socket by splice(2), without the bytes visiting user space.
#pragma once

#include "base/unique_fd.h"
#include "netstack/pipes.h"

#include <cstdint>

namespace netstack {

inline constexpr int chunk_size = 1 << 20; ///< bytes moved at a time at most, and the size asked of a pipe

/// One connected, non-blocking stream socket. The flags say what the last event or call told (edge-triggered).
struct Endpoint {
    UniqueFd socket;
    bool readable = false; ///< data, FIN or an error may be waiting; cleared by EAGAIN
    bool writable = false; ///< there may be room; cleared by EAGAIN
    bool failed = false;   ///< an error was reported: what ends the data now is a reset, even if it reads like a FIN
};

/// One direction of a flow.
struct Direction {
    Pipe pipe;                 ///< held while `pending`
    std::uint32_t pending = 0; ///< bytes in the pipe
    std::uint64_t moved = 0;   ///< bytes delivered
    bool ended = false;        ///< FIN received, everything before it delivered, FIN passed on
};

enum class Pumped {
    waiting, ///< nothing more until an event of either socket
    more,    ///< the turn is over, not the work: come back after the others
    ended,   ///< Direction::ended holds now
    reset,   ///< one of the sockets failed: the flow is to be reset
};

/// Gives `direction` one turn. Data is taken from `from` only when all earlier data is with `to`, so a slow receiver
/// fills the socket buffers and the kernel stops the sender: at most one pipe per direction is ever held here.
[[nodiscard]] Pumped pump(Endpoint& from, Endpoint& to, Direction& direction, PipePool& pipes) noexcept;

} // namespace netstack
