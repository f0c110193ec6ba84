// How a container's first process comes to be and is told things: by ctl's own runtime, or by another one (--runtime). The
// monitor's part of it, over all runs.
#pragma once

#include "lib/monitor.h"
#include "rootless/launch.h"

#include <sys/types.h>

#include <functional>
#include <memory>

namespace lib {

/// What is done with a process before it may do anything, in this order.
struct LaunchSteps {
    std::function<void(pid_t)> place; ///< into the cgroup that is made for it
    std::function<void(pid_t pid, pid_t beside)> place_beside; ///< into the same one
    std::function<void()> meanwhile;  ///< while something else takes time; may be empty
    /// It is the container's: from here on others know of it. Another runtime's stage is that too until the container is there, so
    /// that who ends it ends the making.
    std::function<void(pid_t)> note;
};

class Launcher {
public:
    Launcher() = default;
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;
    virtual ~Launcher() = default;

    /// Up to its program, or with the job's PlanExtras::hold to just before it. Throws as rootless::launch() does.
    virtual rootless::Launched launch(const LaunchSteps& steps) = 0;
    /// Lets one that is held go on. Throws as rootless::proceed() does; the process is gone then.
    virtual void proceed(rootless::Launched& container) = 0;
    /// The run is over, its first process reaped.
    virtual void run_ended() noexcept {}
};

std::unique_ptr<Launcher> make_launcher(MonitorJob& job);

} // namespace lib
