// `exec` of the OCI runtime: a further process in a container that has been made.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/runtime/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace lib::runtime {

struct ExecRequest {
    std::string id;
    std::string process_file;   ///< a `process` of the specification as JSON; empty: the container's, changed by what follows
    std::vector<std::string> args;
    std::vector<std::string> env; ///< KEY=VALUE, added
    std::string cwd;            ///< empty: the container's
    std::optional<std::uint32_t> uid; ///< nullopt: the container's, as the next one
    std::optional<std::uint32_t> gid;
    std::vector<std::uint32_t> additional_gids; ///< besides the container's
    std::vector<std::string> caps; ///< added to all sets
    std::optional<bool> no_new_privileges;
    std::optional<bool> terminal;
    std::string apparmor;
    std::string selinux_label;
    std::string cgroup;         ///< below the container's, where the process goes; empty: where its first process is
    std::string pid_file;
    std::string console_socket;
    int preserve_fds = 0;
    bool detach = false;
    bool new_keyring = true;
};

/// The exit code of the process; 0 at once with `detach`. Throws Error with 126 or 127 where the program cannot be run.
int exec(const Runtime& runtime, const ExecRequest& request);

} // namespace lib::runtime
