// Published ports that change while a stack runs: messages over a SOCK_SEQPACKET pair, each answered with a byte once it holds.
#pragma once

#include "base/unique_fd.h"
#include "netstack/forward.h"

#include <cstdint>
#include <optional>

namespace netstack {

struct PortChange {
    enum class Kind : std::uint8_t { add, remove };
    Kind kind = Kind::add;
    Transport transport = Transport::tcp;
    std::uint16_t container_port = 0;
    std::uint32_t id = 0; ///< Forward::id
};

struct ReceivedChange {
    PortChange change;
    UniqueFd listener; ///< of one that is added
};

/// `listener`: of one that is added, else -1; it stays the caller's. Waits for the answer, a second at most. False where there is none.
bool send_port_change(int socket, const PortChange& change, int listener) noexcept;

/// The next message; nothing where there is none, or the other end has gone: then `ended`.
std::optional<ReceivedChange> receive_port_change(int socket, bool& ended) noexcept;
void answer_port_change(int socket) noexcept;

} // namespace netstack
