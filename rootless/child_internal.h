// Shared by the zone C files: raw helpers that neither allocate nor throw. Results are 0 or a descriptor, or -errno.
#pragma once

#include "rootless/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/// "/proc/self/fd/N", for calls that take only paths. The host's /proc is still in sight until the pivot.
struct FdPath {
    char text[32];
    explicit FdPath(int fd) noexcept { ::snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }
};

/// One more than the highest descriptor there can be: the default of fs.nr_open.
inline constexpr int most_descriptors = 1 << 20;

/// Closes the descriptors from `first` up to `end`, without that one: close_range(2), before kernel 5.9 one by one.
inline void close_between(int first, int end) noexcept {
    if (first >= end || ::syscall(SYS_close_range, first, end - 1, 0) == 0) return;
    for (int fd = first; fd < end; ++fd) ::syscall(SYS_close, fd);
}

/// Closes every descriptor from `first` on.
inline void close_from(int first) noexcept {
    if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
    close_between(first, most_descriptors);
}

/// Marks them close-on-exec: CLOSE_RANGE_CLOEXEC, before kernel 5.11 one by one.
inline void mark_cloexec_from(int first) noexcept {
    if (::syscall(SYS_close_range, first, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
    for (int fd = first; fd < most_descriptors; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// What the child has learnt while it works.
struct State {
    int root_fd = -1;  ///< the new root, once mounted
    int pts_fd = -1;   ///< the container's devpts
    int slave_fd = -1; ///< the console's terminal side
    int proc_fd = -1;  ///< the container's /proc, where sysctls are written
    int lsm_fd = -1;   ///< where the label of the process goes
    std::uint32_t mounts = 0; ///< number of the container's mount namespace
};

enum class Create { nothing, directory, file };

/// Opens `path` (O_PATH) as the container sees it from `root`: absolute links start at the root, ".." stops there. Missing
/// components are made as asked for. With `fixed`, any symbolic link on the way is ELOOP.
errint open_in_root(int root, const char* path, Create create, bool fixed) noexcept;
/// The part of open_in_root that needs no openat2(2), for itself: tests hold it against the kernel.
errint walk_in_root(int root, const char* path, Create create, bool fixed) noexcept;

/// Mounting with mount(2), for kernels without one of the new calls. rootless/child_legacy.cc
namespace legacy {

/// MS_* for MOUNT_ATTR_*.
unsigned long flags(std::uint64_t attributes) noexcept;
/// A new file system on the directory behind `target`.
errint mount_fs(const char* type, const FsOption* options, std::uint64_t attributes, int target) noexcept;
/// What is behind `source`, with the mounts below it if `recursive` is AT_RECURSIVE, on what is behind `target`.
errint bind(int source, int target, unsigned recursive) noexcept;
/// Adds attributes to the mount whose root is behind `mounted`. Mounts below it keep theirs: mount(2) has no recursion here.
errint add_attributes(int mounted, std::uint64_t attributes) noexcept;

} // namespace legacy

/// Reports what went wrong and ends the process. `detail`: ChildReport::detail.
[[noreturn]] inline void fail(const ChildPlan& plan, ChildStage stage, int detail, errint error) noexcept {
    const ChildReport report{stage, detail, -error};
    const ssize_t ignored = ::write(plan.report_fd, &report, sizeof report);
    (void)ignored;
    ::_exit(126);
}

/// Ends the process when `error` is one; the line number tells the parent's words which call it was.
inline void must(const ChildPlan& plan, ChildStage stage, errint error, int detail = __builtin_LINE()) noexcept {
    if (error < 0) fail(plan, stage, detail, error);
}

/// Becomes the process of the plan: the last part of every child's life. rootless/child_process.cc, as the next one
[[noreturn]] void become_process(const ChildPlan& plan, const State& state) noexcept;
/// Before anything makes the process undumpable: the files below its /proc/PID are root's from then on (proc(5)).
void set_oom_score(const ChildPlan& plan) noexcept;

/// Carries out one step of the plan.
errint run_step(const Step& step, const ChildPlan& plan, State& state) noexcept;

/// Whether a path below /proc belongs to the file system its name says. rootless/child_mounts.cc, as what follows
bool is_directory(int fd) noexcept;
errint find_target(const Step& step, const State& state, Create create) noexcept;
/// Shows what is behind `source` on `target` too: the mount's root. `recursive`: AT_RECURSIVE or 0.
errint attach_copy(const Step& step, const State& state, int source, int target, std::uint64_t attributes, unsigned recursive) noexcept;
/// A new file system on `target`: the mount's root.
errint attach_fs(const Step& step, const State& state, const char* type, const FsOption* options, std::uint64_t attributes, int target) noexcept;

// Protection. rootless/child_protect.cc
errint mask(const Step& step, State& state) noexcept;
errint make_readonly(const Step& step, State& state) noexcept;
errint change_mount(const Step& step, const State& state) noexcept;
/// Writes below the /proc we mounted ourselves, never through a path another mount could redirect.
errint write_sysctl(const Step& step, State& state) noexcept;

/// Opens the label's file below /proc/self/attr while the host's /proc is in sight. rootless/child_process.cc
void open_label(const ChildPlan& plan, State& state) noexcept;

// Devices and links. rootless/child_devices.cc
errint bind_node(const Step& step, const State& state, const char* node, std::uint64_t device, int target) noexcept;
errint bind_device(const Step& step, State& state) noexcept;
errint make_node(const Step& step, State& state) noexcept;
errint add_symlink(const Step& step, State& state) noexcept;
errint copy_link(const Step& step, State& state) noexcept;
errint bind_console(const Step& step, const ChildPlan& plan, State& state) noexcept;

/// A detached mount of a new file system. rootless/child_mounts.cc, as the next two
errint new_fs(const char* type, const FsOption* options, std::uint64_t attributes) noexcept;
errint move_onto(int mount_fd, int target_fd) noexcept;
/// `flags`: AT_RECURSIVE or 0.
errint set_attributes(int mount_fd, std::uint64_t attributes, unsigned flags) noexcept;

// The root file system. rootless/child_root.cc
errint reopen(const Step& step) noexcept;
errint attach_root(const Step& step, State& state) noexcept;
/// A FUSE file system on a directory of the host.
errint attach_fuse(const char* path, std::uint64_t attributes, int socket) noexcept;
errint attach_fuse_root(const Step& step, State& state) noexcept;
errint attach_fuse_lower(const Step& step) noexcept;
errint adopt_root(State& state) noexcept;
errint readonly_root(const State& state) noexcept;
errint pivot(const State& state) noexcept;
errint move_root(const State& state) noexcept;

/// What is in the directory `from` (O_PATH will do), also in the empty directory `to`. rootless/child_copy.cc
errint copy_tree(int from, int to) noexcept;

/// Sends a descriptor with one byte (SCM_RIGHTS). rootless/child_paths.cc
errint send_fd(int socket, int fd, const void* data, std::size_t size) noexcept;
inline errint send_fd(int socket, int fd) noexcept { return send_fd(socket, fd, "", 1); }

/// Tells the caller and waits for its byte. rootless/child.cc
errint pause(const ChildPlan& plan) noexcept;

/// Opens a pty in the devpts behind `pts_fd`, sends the master over plan.console_fd. Returns the slave.
errint open_console(int pts_fd, const ChildPlan& plan) noexcept;

/// Writes a file of /proc/PID, such as uid_map. rootless/child_paths.cc
errint write_process_file(pid_t pid, const char* name, const char* text) noexcept;

/// Inode number of the caller's mount namespace; 0 where it cannot be told. rootless/child_paths.cc
std::uint32_t mount_namespace_number() noexcept;

/// What `ps` shows of a process that is still a copy of its parent. rootless/init.cc
void set_name(std::span<char> title, const char* name) noexcept;

/// Reaps until `child` ends, forwarding signals, and exits with its status: the `--init` process. rootless/init.cc
[[noreturn]] void run_init(pid_t child, std::span<char> title) noexcept;

} // namespace rootless::child
