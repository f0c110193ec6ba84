// wait: until a container has reached a state.
#pragma once

#include "lib/engine.h"

#include <chrono>
#include <string>
#include <vector>

namespace lib {

struct WaitOptions {
    /// podman-wait(1): configured, created, initialized, running, paused, stopping, stopped, exited, removing, unknown; empty:
    /// stopped or exited.
    std::vector<std::string> conditions;
    std::chrono::milliseconds interval{250}; ///< for what nobody tells us of, such as a pause
    bool ignore = false;                     ///< a missing one is no error
};

/// Throws Error for a word that is no condition.
void check_wait_conditions(const std::vector<std::string>& conditions);

/// Returns the exit code when the container has stopped, else -1.
int wait_container(const Engine& engine, const std::string& id_or_name, const WaitOptions& options);

} // namespace lib
