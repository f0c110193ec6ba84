// The monitor: parent of one container's first process. It outlives the command that made it.
#pragma once

#include "lib/container_network.h"
#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/notify.h"
#include "lib/other_runtime/abilities.h"
#include "lib/overlay_server.h"
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
    ContainerState before;                     ///< what it was until now
    const oci::RuntimeSpec* spec = nullptr;
    RuntimeAbilities abilities;                ///< of the record's runtime, where that is not ours
    rootless::PlanExtras extras;               ///< without stdio, which the monitor makes
    StorageDriver driver = StorageDriver::overlay; ///< what shows its files
    std::vector<OverlayFiles> fuse;            ///< what our own overlay shows of its files
    std::vector<Listener> listeners;
    Way way = Way::none;                       ///< of the container's default network
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
    int exit_code = 0;
    std::string error;
};

/// Forks the monitor. It keeps no descriptor but those of the job, holds the container's `monitor` lock and detaches from
/// the caller's session. Returns its pid, in the caller only.
pid_t fork_monitor(MonitorJob& job);
/// Waits until the container runs or could not be started; `report_read` is the other end of the job's.
StartReport await_report(int report_read);

} // namespace lib
