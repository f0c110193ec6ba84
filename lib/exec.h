// exec: another process in a running container, a child of the caller; no monitor, no write to the store.
#pragma once

#include "lib/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

struct ExecRequest {
    std::string container;            ///< id or name
    std::vector<std::string> command;
    std::vector<std::string> env;
    std::vector<std::string> env_files;
    std::optional<std::string> workdir;
    std::optional<std::string> user;
    bool interactive = false;
    bool tty = false;
    bool privileged = false;
    bool detach = false;              ///< do not wait for it
};

/// The exit status as `run`'s; 126/127 Errors when the command cannot be executed or found.
int exec_in_container(Engine& engine, const ExecRequest& request);

} // namespace lib
