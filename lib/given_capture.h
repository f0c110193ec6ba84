// What `ctl network capture` hands to the monitor of a running container: a pipe with a name, whose other end it reads.
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lib {

/// The end to be read of a pipe that the container's packets go to from now on. Throws the monitor's Error, and where nobody answers.
UniqueFd hand_over_capture(const ContainerDir& dir, const ContainerRecord& record, std::uint32_t snap_length);

/// The monitor's side: what was handed over, once, and the answer; `problem` empty: it has begun.
struct GivenCapture {
    UniqueFd pipe; ///< non-blocking
    std::uint32_t snap_length = 0;
};
std::optional<GivenCapture> take_given_capture(const ContainerDir& dir);
void answer_given_capture(const ContainerDir& dir, const std::string& problem);

} // namespace lib
