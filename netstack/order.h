// What a running stack is told by who has started it: messages over a SOCK_SEQPACKET pair, each answered with a byte once it is done.
#pragma once

#include "base/unique_fd.h"
#include "netstack/forward.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace netstack {

struct Order {
    enum class Kind : std::uint8_t {
        add_port,    ///< with its listener; the fields below
        remove_port, ///< `id`
        capture,     ///< with the pipe for it; `snap_length` bytes of each frame (capture.h)
        name_servers, ///< followed by what resolv.conf says now
    };
    Kind kind = Kind::add_port;
    Transport transport = Transport::tcp;
    std::uint16_t container_port = 0;
    std::uint32_t id = 0; ///< Forward::id
    std::uint32_t snap_length = 0;
};

inline constexpr std::size_t most_order_text = 8192;

struct ReceivedOrder {
    Order order;
    UniqueFd fd; ///< that came with it
    std::array<char, most_order_text> bytes;
    std::size_t size = 0;
    std::string_view text() const noexcept { return {bytes.data(), size}; }
};

/// `fd`: of what needs one, else -1; it stays the caller's. `text`: of what has one, most_order_text at most. Waits for the answer, a
/// second at most: 0, or an errno; ETIMEDOUT where nobody answers.
[[nodiscard]] int send_order(int socket, const Order& order, int fd, std::string_view text = {}) noexcept;

/// The next message; nothing where there is none, or the other end has gone: then `ended`.
std::optional<ReceivedOrder> receive_order(int socket, bool& ended) noexcept;
/// `error`: 0 or an errno.
void answer_order(int socket, int error) noexcept;

} // namespace netstack
