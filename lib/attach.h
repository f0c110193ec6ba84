// attach: one more client of a container that runs.
#pragma once

#include "lib/container_store.h"
#include "lib/run.h"

namespace lib {

struct AttachOptions {
    bool interactive = true; ///< pass standard input on, where the container was made with -i
    bool sig_proxy = true;
    DetachKeys detach_keys{default_detach_keys};
    std::vector<std::string> streams; ///< only these: stdin, stdout, stderr; empty: all
};

/// Stays until the container ends or the user detaches. Throws Error when it does not run or cannot be attached to.
StartResult attach_container(Engine& engine, const std::string& id_or_name, const AttachOptions& options);

/// The same over a connection to its monitor that is there already; for run and start. `inlet` as attach() has it.
StartResult follow_container(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record, int monitor_fd,
                             const AttachOptions& options, UniqueFd inlet = {});

} // namespace lib
