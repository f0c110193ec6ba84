// A container's packets in a file (`ctl network capture`): read from a pipe that its net process writes to (netstack/capture.h).
#pragma once

#include "lib/engine.h"
#include "netstack/capture.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lib {

struct CaptureRequest {
    std::string container;
    std::string file; ///< "-": standard output
    std::uint32_t snap_length = netstack::most_snap_length;
    std::optional<std::uint64_t> count; ///< of packets
};

struct Captured {
    std::uint64_t packets = 0;
    std::uint64_t left_out = 0; ///< there was no room in the pipe; as far as can be told when the container has ended
};

/// Until SIGINT, SIGTERM, the wanted number, or the container's end. Throws Error: the file cannot be written, the container has no
/// network of ctl's own, does not run, or somebody captures already.
Captured capture_packets(const Engine& engine, const CaptureRequest& request);

} // namespace lib
