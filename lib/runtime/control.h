// What the OCI runtime does with a container that is there: signals, deletion, pausing, limits, and what it tells of it.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/runtime/engine.h"
#include "lib/runtime/state.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace lib::runtime {

/// runtime.md, "Kill": an error where it is neither created nor running. `all`: every process of it, as long as there are any.
void kill(const Runtime& runtime, const std::string& id, int signal, bool all);

/// runtime.md, "Delete": an error unless it has stopped. `force`: it is killed first, and one that does not exist is no error.
void remove(const Runtime& runtime, const std::string& id, bool force);

void pause(const Runtime& runtime, const std::string& id);
void resume(const Runtime& runtime, const std::string& id);

/// New limits; what `resources` does not say stays. Throws Error where the container has no cgroup.
void update(const Runtime& runtime, const std::string& id, const oci::Resources& resources);

struct Listed {
    State state;
    Status status;
};
std::vector<Listed> list(const Runtime& runtime);
Listed find(const Runtime& runtime, const std::string& id);

/// Its processes, as the caller's pid namespace has them.
std::vector<pid_t> processes(const Runtime& runtime, const std::string& id);

/// One "stats" event as runc's `events --stats` prints it, cgroup v2's numbers in its fields.
nlohmann::json stats_event(const Runtime& runtime, const std::string& id);
/// How many of its processes the kernel has killed for want of memory.
std::int64_t oom_kills(const State& state);

} // namespace lib::runtime
