// Shared by the zone C files: raw helpers that neither allocate nor throw. Results are 0 or a descriptor, or -errno.
#pragma once

#include "rootless/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rootless::child {

/// errno convention of this folder's zone C code: negative is -errno.
using errint = int;

inline errint checked(long result) noexcept { return result < 0 ? -errno : static_cast<errint>(result); }

/// A descriptor for the length of a scope (base/unique_fd.h does the same; this one lives in code without destructors
/// that throw and is the only closing in zone C).
class ScopedFd {
public:
    explicit ScopedFd(int fd) noexcept : fd_(fd) {}
    ScopedFd(const ScopedFd&) = delete;
    ScopedFd& operator=(const ScopedFd&) = delete;
    ~ScopedFd() noexcept { reset(-1); }
    int get() const noexcept { return fd_; }
    void reset(int fd) noexcept {
        if (fd_ >= 0) ::syscall(SYS_close, fd_);
        fd_ = fd;
    }
    int release() noexcept {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

private:
    int fd_;
};

/// What the child has learnt while it works.
struct State {
    int root_fd = -1;  ///< the new root, once mounted
    int pts_fd = -1;   ///< the container's devpts
    int slave_fd = -1; ///< the console's terminal side
    int proc_fd = -1;  ///< the container's own /proc, where sysctls are written
};

enum class Create { nothing, directory, file };

/// Opens `path` (O_PATH) as the container sees it from `root`: absolute links start at the root, ".." stops there. Missing
/// components are made as asked for. With `fixed`, any symbolic link on the way is ELOOP.
errint open_in_root(int root, const char* path, Create create, bool fixed) noexcept;

/// Carries out one step of the plan.
errint run_step(const Step& step, const ChildPlan& plan, State& state) noexcept;

/// Opens a pty in the devpts behind `pts_fd`, sends the master over plan.console_fd. Returns the slave.
errint open_console(int pts_fd, const ChildPlan& plan) noexcept;

/// Reaps until `child` ends, forwarding signals, and exits with its status: the `--init` process. rootless/init.cc
[[noreturn]] void run_init(pid_t child, std::span<char> title) noexcept;

} // namespace rootless::child
