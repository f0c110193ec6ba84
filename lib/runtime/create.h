// `create` and `start` of the OCI runtime (runtime.md, "Lifecycle"): the same launch as `ctl run`'s, from a document that somebody
// else has written.
#pragma once

#include "base/unique_fd.h"
#include "lib/runtime/engine.h"
#include "lib/runtime/state.h"

#include <string>
#include <vector>

namespace lib::runtime {

struct CreateRequest {
    std::string id;
    std::string bundle;         ///< absolute
    std::string config;         ///< absolute; empty: config.json of the bundle
    std::string pid_file;       ///< empty: none
    std::string console_socket; ///< where the terminal's master goes (SCM_RIGHTS); empty: none
    int preserve_fds = 0;       ///< that many from 3 on, besides LISTEN_FDS
    bool new_keyring = true;
    bool no_pivot = false;      ///< the root changes by moving its mount (initramfs)
    bool keeps_terminal = false; ///< without a console socket the terminal is the caller's business (CreatedContainer::console)
    int stdio[3] = {0, 1, 2};   ///< borrowed
};

struct CreatedContainer {
    StateDir dir;
    State state;
    UniqueFd pidfd;   ///< of its process, which is the caller's child
    UniqueFd console; ///< the terminal's master, with keeps_terminal
};

/// Makes everything but runs nothing of the container's: its process waits for start(). The hooks prestart, createRuntime and
/// createContainer have run. Throws Error; nothing is left then.
CreatedContainer create(const Runtime& runtime, const CreateRequest& request);

/// Runs the hooks startContainer and poststart and the program in between. Throws Error where the container is not `created`, and as
/// rootless::launch() does; a container whose program could not be started is stopped.
void start(const Runtime& runtime, const std::string& id);

/// Sends the terminal's master to the socket `path`, as containerd and conmon expect it.
void send_console(const std::string& path, int console);
/// For --pid-file: appears with its content or not at all.
void write_pid_file(const std::string& path, pid_t pid);

} // namespace lib::runtime
