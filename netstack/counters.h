// What a tier of a container's network counts of its work. Plain numbers: whoever does the work adds to his own copy, and shows
// it on a page of the machine's memory (counters_page.h).
//
// Packets are frames on the link, as the interface counts them: one of 64 KiB that the kernels have left uncut is one. Bytes are
// those of frames with their Ethernet header. A tier without frames has bytes of streams, and no packets.
#pragma once

#include "netstack/tcp/counters.h"

#include <cstdint>

namespace netstack {

struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(std::uint64_t size) noexcept {
        ++packets;
        bytes += size;
    }
};

/// Connections, or what takes their place where a protocol has none. Of any tier.
struct FlowCounters {
    std::uint64_t open = 0;        ///< now
    std::uint64_t total = 0;       ///< begun, by either side
    std::uint64_t refused = 0;     ///< nobody listens there, or that is what the container is to see
    std::uint64_t unreachable = 0; ///< no way there, or no answer
    std::uint64_t prohibited = 0;  ///< by a rule of the user's
    std::uint64_t dropped = 0;     ///< there was no room: for a new one, for an old one, for a datagram
};

struct ProtocolCounters {
    Traffic to_container;
    Traffic from_container;
    FlowCounters flows;
};

struct LinkCounters {
    Traffic to_container;
    Traffic from_container;
    std::uint64_t lost = 0;      ///< frames to the container that the link did not take
    std::uint64_t malformed = 0; ///< frames from it that make no sense
    std::uint64_t not_captured = 0; ///< frames that the reader of a capture was too slow for
};

struct NameCounters {
    std::uint64_t questions = 0;
    std::uint64_t answered_here = 0; ///< names of the engine's own
    std::uint64_t failed = 0;        ///< no server had an answer
    std::uint64_t dropped = 0;       ///< too many at once
};

struct Counters {
    LinkCounters link;
    ProtocolCounters tcp, udp, icmp;
    tcp::Counters machine;
    NameCounters names;
};

} // namespace netstack
