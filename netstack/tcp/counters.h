// What the TCP machine counts over all of its connections.
#pragma once

#include <cstdint>

namespace netstack::tcp {

struct Counters {
    std::uint64_t retransmissions = 0; ///< segments sent to the container again
    std::uint64_t timeouts = 0;
    std::uint64_t out_of_order = 0;    ///< segments of the container's with something missing before them
};

} // namespace netstack::tcp
