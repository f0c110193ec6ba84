// Hooks of the runtime specification (config.md, "POSIX-platform Hooks"): programs of others, run at points of a container's life
// with its state on standard input.
#pragma once

#include "base/oci/runtime_spec.h"

#include <functional>
#include <string>
#include <vector>

namespace lib::runtime {

/// Where a hook runs: the namespaces of the runtime, or those of the container.
struct HookPlace {
    int container_pidfd = -1; ///< borrowed; -1: the runtime's
    int namespaces = 0;       ///< CLONE_NEW* that the container has of its own
};

/// Runs them in their order, each until it has ended. Throws Error naming the first that fails, ends by a signal, cannot be run, or takes longer
/// than its timeout (it is killed then). `state`: the JSON text for its input.
void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const HookPlace& place = {});

/// The same where the life cycle goes on as if they had succeeded (runtime.md): all are run, and what fails is told to `warn`.
void try_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const std::function<void(const std::string&)>& warn);

/// Makes a hook's process inside the container, restricted as the container's own is, with that standard input: a child of ours.
using RunInside = std::function<pid_t(const oci::Hook& hook, int input)>;

/// The same for startContainer hooks, whose programs are the container's.
void run_container_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const RunInside& run);

} // namespace lib::runtime
