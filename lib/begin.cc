// See lib/begin.h.
#include "lib/begin.h"

#include "base/error.h"
#include "base/sys.h"

#include <signal.h>

#include <algorithm>

namespace lib {
namespace {

/// The state before, where it was ours to tell.
std::optional<ContainerState> tell_to_begin(const ContainerDir& dir) {
    const FileLock lock = dir.lock();
    const ContainerState state = dir.load_state();
    if (state.status != "initialized") return std::nullopt;
    const auto monitor = dir.find_monitor();
    if (!monitor || !sys::pidfd_send_signal(monitor->get(), SIGUSR2))
        throw Error("container ", dir.id().substr(0, 12), " has just lost its monitor; start it again");
    return state;
}

} // namespace

void begin_initialized(const ContainerDir& dir) {
    const auto before = tell_to_begin(dir);
    if (!before) return;
    constexpr std::chrono::milliseconds longest(20);
    ContainerState state = dir.load_state();
    for (std::chrono::milliseconds pause(1); state.status == "initialized"; state = dir.load_state()) {
        sys::sleep_for(pause);
        pause = std::min(pause * 2, longest);
    }
    if (state.started == before->started && !state.error.empty()) throw Error(state.error).with_exit_code(state.exit_code);
}

} // namespace lib
