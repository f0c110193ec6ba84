// The splice pump, see netstack/splice.h.
#include "netstack/splice.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace netstack {
namespace {

constexpr int rounds_per_turn = 8; ///< times chunk_size: what one direction may move before the others' turn

/// What a step did; `blocked` has cleared a flag of the endpoint that blocks.
enum class Step { moved, blocked, end_of_stream, failed };

Step blocked_or_failed(bool& flag) noexcept {
    if (errno == EINTR) return Step::moved;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Step::failed;
    flag = false;
    return Step::blocked;
}

Step fill(Endpoint& from, Direction& direction) noexcept {
    const ssize_t count = ::splice(from.socket.get(), nullptr, direction.pipe.write.get(), nullptr, chunk_size,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0) return blocked_or_failed(from.readable);
    if (count == 0) return Step::end_of_stream;
    direction.pending = static_cast<std::uint32_t>(count);
    return Step::moved;
}

Step drain(Endpoint& to, Direction& direction) noexcept {
    const ssize_t count = ::splice(direction.pipe.read.get(), nullptr, to.socket.get(), nullptr, direction.pending,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0) return blocked_or_failed(to.writable);
    if (count == 0) return Step::failed; // the pipe cannot be empty: the socket took nothing and says nothing
    direction.pending -= static_cast<std::uint32_t>(count);
    direction.moved += static_cast<std::uint64_t>(count);
    return Step::moved;
}

/// The way without a pipe, for when the process or the system is out of descriptors: look at the data, send what goes,
/// take that much off. Nothing is held between turns, so every flow moves on however short the supply is.
Step copy(Endpoint& from, Endpoint& to, Direction& direction) noexcept {
    std::array<std::byte, 16 << 10> buffer;
    const ssize_t seen = ::recv(from.socket.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0) return blocked_or_failed(from.readable);
    if (seen == 0) return Step::end_of_stream;
    const ssize_t sent =
        ::send(to.socket.get(), buffer.data(), static_cast<std::size_t>(seen), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return blocked_or_failed(to.writable);
    const ssize_t taken = ::recv(from.socket.get(), buffer.data(), static_cast<std::size_t>(sent), MSG_DONTWAIT);
    direction.moved += static_cast<std::uint64_t>(sent);
    return taken == sent ? Step::moved : Step::failed; // peeked bytes are there: less means a reset in between
}

Step advance(Endpoint& from, Endpoint& to, Direction& direction, PipePool& pipes) noexcept {
    if (direction.pending > 0) return to.writable ? drain(to, direction) : Step::blocked;
    if (!from.readable) return Step::blocked;
    if (!direction.pipe.read) direction.pipe = pipes.take();
    if (direction.pipe.read) return fill(from, direction);
    return to.writable ? copy(from, to, direction) : Step::blocked;
}

Pumped run_turn(Endpoint& from, Endpoint& to, Direction& direction, PipePool& pipes) noexcept {
    for (int step = 0; step < 2 * rounds_per_turn; ++step) {
        switch (advance(from, to, direction, pipes)) {
        case Step::moved: break;
        case Step::blocked: return Pumped::waiting;
        case Step::failed: return Pumped::reset;
        case Step::end_of_stream:
            if (from.failed) return Pumped::reset;
            direction.ended = true;
            return ::shutdown(to.socket.get(), SHUT_WR) == 0 ? Pumped::ended : Pumped::reset;
        }
    }
    return Pumped::more;
}

} // namespace

Pumped pump(Endpoint& from, Endpoint& to, Direction& direction, PipePool& pipes) noexcept {
    if (direction.ended) return Pumped::ended;
    const Pumped result = run_turn(from, to, direction, pipes);
    if (direction.pending == 0 && direction.pipe.read) pipes.give_back(std::exchange(direction.pipe, {}));
    return result;
}

} // namespace netstack
