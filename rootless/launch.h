// Making a container's first process, and joining further ones: the parent's side of rootless/child.cc.
#pragma once

#include "base/unique_fd.h"
#include "rootless/plan.h"
#include "rootless/userns.h"

#include <functional>
#include <string>
#include <vector>

namespace rootless {

/// A process that has become its program, or, with PlanExtras::hold, is about to.
struct Launched {
    pid_t pid = -1;   ///< as the caller's pid namespace sees it; the caller's child
    UniqueFd pidfd;
    UniqueFd console; ///< the pty's master, when a terminal was asked for
    std::uint32_t mounts = 0; ///< number of its mount namespace (nsfs inode), 0 where that is unknown
    UniqueFd hold;    ///< one that waits: where it hears that it may go on; closed, it ends
    UniqueFd reports; ///< one that waits: what it says of that
};

/// The container's maps, and those of the layers' owners, in ids of the caller's.
struct LaunchMaps {
    IdMaps container;
    IdMaps store;
};

/// Runs between clone and the child's first step, with the child waiting: the place to put it into its cgroup.
using BeforeGo = std::function<void(pid_t)>;

/// Runs when everything is mounted and the old root still in sight, with the child waiting (PlanExtras::pause): the place for
/// hooks.
using WhilePaused = std::function<void(pid_t)>;

/// Makes the namespaces, through an outer process where the program has one, writes the id maps, and returns once the program is running. Otherwise throws Error with the
/// step that failed and the exit code 125, 126 or 127; nothing of the child is left then. The caller must be
/// single-threaded and must not ignore SIGCHLD.
Launched launch(ChildProgram& program, const oci::RuntimeSpec& spec, const LaunchMaps& maps, const BeforeGo& before_go,
                const WhilePaused& while_paused = {});

/// For a runtime that is not ours: a process that makes what ctl makes of a container (user namespace, network, what it joins, the
/// root file system at the spec's root.path), `program` being a stage, and waits. `work` is called meanwhile. The process is gone
/// when this returns or throws as launch() does.
void launch_stage(ChildProgram& program, const oci::RuntimeSpec& spec, const LaunchMaps& maps, const BeforeGo& before_go, const WhilePaused& work);

/// Lets a process that waits go on, and returns once its program is running. Throws as launch() does; the process is gone then.
void proceed(const ChildProgram& program, Launched& launched);

/// Asks one that waits for a connection to let itself be joined (launch_inside) until start_waiting(). Throws SysError.
void open_waiting(int connection);

/// Lets one go on that waits for a connection (PlanExtras::start_socket), perhaps made by another process, and returns once its
/// program is running. `connection` is to that socket. Throws as launch() does.
void start_waiting(const ChildProgram& program, int connection);

/// The same inside the namespaces of a running container (exec); `spec` is the container's.
Launched launch_inside(ChildProgram& program, const oci::RuntimeSpec& spec, int container_pidfd, const BeforeGo& before_go);

/// Moves the calling process into the user and network namespace of a container (for the net process). Throws SysError.
void join_network(int container_pidfd);

} // namespace rootless
