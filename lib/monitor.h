// The monitor: parent of one container's first process. It outlives the command that made it.
#pragma once

#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/notify.h"
#include "rootless/launch.h"

#include <sys/types.h>

#include <array>
#include <optional>
#include <vector>

namespace lib {

/// Everything the monitor needs, prepared by the command that forks it, where an error is still that command's own.
struct MonitorJob {
    Engine* engine = nullptr;
    ContainerDir* dir = nullptr;
    const ContainerRecord* record = nullptr;
    const oci::RuntimeSpec* spec = nullptr;
    rootless::PlanExtras extras;               ///< without stdio, which the monitor makes
    std::vector<Listener> listeners;
    rootless::CgroupPlan cgroup;
    UniqueFd first_client;                     ///< an attach client's socket, or none
    std::array<UniqueFd, 2> outlets;           ///< its standard output and error, where they are handed over (MonitorIo::Outlets)
    Pipe input;                                ///< the first run's standard input, where the client writes to it, too
    std::array<UniqueFd, 3> passed_stdio;      ///< the container's standard streams, with --log-driver=passthrough
    UniqueFd report;                           ///< write end: the outcome of the start
    NotifyProxy notify;                        ///< --sdnotify=container, when somebody waits for its word
    std::vector<int> borrowed;                 ///< descriptors `extras` refers to
};

/// What the monitor reports once: the pid, or why there is none.
struct StartReport {
    pid_t pid = 0;
    pid_t monitor_pid = 0;
    int exit_code = 0;
    std::string error;
};

/// Forks the monitor. It keeps no descriptor but those of the job, holds the container's `monitor` lock and detaches from
/// the caller's session. Returns in the caller only, once the container runs or could not be started.
StartReport start_monitor(MonitorJob& job, UniqueFd report_read);

} // namespace lib
