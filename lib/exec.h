// exec: another process in a running container, a child of the caller: no monitor, no write to the store. With -d it is the
// child of a keeper (lib/exec_keeper.h), which records its end.
#pragma once

#include "lib/detach_keys.h"
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
    std::vector<int> preserve_fds;    ///< of the caller; the process keeps them
    bool detach = false;              ///< do not wait for it
    DetachKeys detach_keys{default_detach_keys};
};

struct ExecResult {
    int exit_status = 0;  ///< as `run`'s; 0 with detach
    std::string id;       ///< with detach: of its ExecRecord
};

/// 126/127 Errors when the command cannot be executed or found.
ExecResult exec_in_container(Engine& engine, const ExecRequest& request);

} // namespace lib
