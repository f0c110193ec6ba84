// The client side of an attached `run`, `start -a` or `attach`: the caller's terminal or pipes on one side, the monitor's
// frames (attach_protocol.h) on the other.
#pragma once

#include "base/unique_fd.h"
#include "lib/session.h"

namespace lib {

/// Runs until the container exits (all its output written before), the user detaches, or one of the other endings.
/// `monitor_fd` is a connected stream socket, borrowed. Closing it afterwards is what detaches. `inlet` is a write end of
/// the container's input pipe, where the caller has one: what is a pipe or a file goes straight into it. Throws SysError,
/// and what forward_signal throws; Error when the monitor talks nonsense.
SessionResult attach(int monitor_fd, const SessionOptions& options, UniqueFd inlet = {});

} // namespace lib
