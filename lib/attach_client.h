// The client side of an attached `run`, `start -a` or `attach`: the caller's terminal or pipes on one side, the monitor's
// frames (attach_protocol.h) on the other.
#pragma once

#include "lib/session.h"

namespace lib {

/// Runs until the container exits (all its output written before), the user detaches, or one of the other endings.
/// `monitor_fd` is a connected stream socket, borrowed. Closing it afterwards is what detaches. Throws SysError, and what
/// forward_signal throws; Error when the monitor talks nonsense.
SessionResult attach(int monitor_fd, const SessionOptions& options);

} // namespace lib
