// The keeper of a command that `exec -d` started: its parent, which outlives the ctl that made it, waits for its end and
// records it. A process of a few pages; there is none for an attached exec, whose ctl is the parent.
#pragma once

#include "lib/exec_record.h"
#include "rootless/launch.h"

#include <functional>
#include <string>
#include <vector>

namespace lib {

struct KeeperJob {
    const ContainerDir* dir = nullptr;
    std::string container_name;
    ExecRecord record;       ///< without what only the launch knows
    std::vector<int> keep;   ///< descriptors that `launch` needs
    std::function<rootless::Launched()> launch; ///< runs in the keeper, which becomes the parent
    std::function<void(int exit_code)> on_end{};  ///< when it is on record; in the keeper
};

/// Forks the keeper. Returns once the command runs; throws what `launch` threw.
void start_exec_keeper(KeeperJob job);

} // namespace lib
