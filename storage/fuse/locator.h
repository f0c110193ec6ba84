// On which processor a thread runs. The kernel says it in /proc/TID/stat alone, and who serves a container's files has given up the
// host's /proc (main.cc, confine). So a child asked through a socket looks there: it reads three files for three numbers, has nothing
// else, and ends with the one that asks.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace storage::fuse {

class Locator {
public:
    struct Answer {
        int processor;
        unsigned runnable;    ///< threads of the whole machine that run or want to, this process's own look among them (/proc/loadavg)
        std::uint64_t waited; ///< ns that `waiting` has been ready to run without running, in its life (/proc/TID/schedstat)
    };

    /// Nobody to ask.
    Locator() = default;
    /// Starts the child. The caller must be single-threaded, and does not hear of the child's end (SIGCHLD is ignored). Throws Error.
    static Locator start();

    /// Waits until the child has let go of what it inherited: of the device above all, where that was open already.
    void await_start();

    explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
    /// Where is `thread`, and how long has `waiting` waited? False: the last question is not answered yet, or there is nobody to ask.
    bool ask(pid_t thread, pid_t waiting) noexcept;
    /// The answer, once, when it is there.
    std::optional<Answer> answer() noexcept;

private:
    explicit Locator(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    bool asked_ = false;
};

} // namespace storage::fuse
