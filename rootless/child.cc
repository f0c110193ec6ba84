// Theory of operation: the new process between clone and exec.
//
// Actors. The parent (rootless/launch.cc) has made the plan and writes the id maps meanwhile. The container's child is pid 1
// of its namespaces; an exec child joins those of a running container. Where the container begins inside another user
// namespace (a map of its own, somebody else's namespaces), an outer process goes there first: rootless/surroundings.h.
// Aim. Become the process that the plan describes, or say exactly which step failed with which errno.
// Non-aims. Deciding anything: whatever can be computed beforehand is in the plan.
// States. wait for the maps -> become root of the user namespace -> mount steps -> terminal or stdio -> privileges -> (hold) ->
// exec.
// Limits. Zone C: after a raw clone beside a running thread, 21 of 150 children hung in malloc (style.md §5), and an exception
// that escaped ran the parent's destructors. So: system calls only, noexcept, no allocation; tests/meta/child_symbols.sh checks
// the object file's symbols.
// Failure story. Each failure is one ChildReport on a close-on-exec pipe; end of file after the `started` record means that
// exec happened, end of file without it that the child was killed. When the parent dies first, the go pipe ends and the child
// leaves; from then on PR_SET_PDEATHSIG watches until exec.
#include "rootless/child_internal.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <termios.h>

namespace rootless {
namespace {

using namespace child;

constexpr int keyctl_join_session = 1; // KEYCTL_JOIN_SESSION_KEYRING, keyctl(2)

void wait_for_go(int go_fd, int go_write_fd) noexcept {
    ::syscall(SYS_close, go_write_fd);
    char byte = 0;
    ssize_t n;
    do n = ::read(go_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1) ::_exit(126); // the parent died: nobody left to tell
}

void become_namespace_root(const ChildPlan& plan, uid_t uid, gid_t gid) noexcept {
    if (plan.process.set_groups) must(plan, ChildStage::namespaces, checked(::syscall(SYS_setgroups, 0, nullptr)));
    must(plan, ChildStage::namespaces, checked(::syscall(SYS_setresgid, gid, gid, gid)));
    must(plan, ChildStage::namespaces, checked(::syscall(SYS_setresuid, uid, uid, uid)));
}

enum class Which { users, others }; ///< user namespaces, all but those

void join(const ChildPlan& plan, std::span<const Join> joins, Which which) noexcept {
    for (const Join& j : joins)
        if ((j.flag == CLONE_NEWUSER) == (which == Which::users)) must(plan, ChildStage::join, checked(::setns(j.fd, j.flag)));
}

/// Writes the maps of `target`, which is about to make its user namespace in ours, when it says so.
[[noreturn]] void write_nested_maps(const OuterPlan& outer, pid_t target, int ready_fd) noexcept {
    char byte = 0;
    if (::read(ready_fd, &byte, 1) != 1) ::_exit(EPIPE);
    errint error = write_process_file(target, "uid_map", outer.uid_map);
    if (error >= 0) error = write_process_file(target, "gid_map", outer.gid_map);
    ::_exit(-error);
}

/// Joins, and goes into the container's own user namespace where it has one. Not its first process makes that: to be written
/// to, the maps' owner must be dumpable, and that process may be seen by those whose pid namespace it joins. We are not.
void join_and_nest(const ChildPlan& plan) noexcept {
    const OuterPlan& outer = plan.outer;
    join(plan, outer.joins, Which::users);
    long helper = -1;
    int ready[2] = {-1, -1};
    if (outer.uid_map != nullptr) {
        const pid_t self = ::getpid();
        must(plan, ChildStage::namespaces, checked(::syscall(SYS_pipe2, ready, O_CLOEXEC)));
        helper = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        must(plan, ChildStage::namespaces, checked(helper));
        if (helper == 0) {
            ::syscall(SYS_close, ready[1]);
            write_nested_maps(outer, self, ready[0]);
        }
    }
    join(plan, outer.joins, Which::others);
    if (helper < 0) return;
    must(plan, ChildStage::namespaces, checked(::unshare(CLONE_NEWUSER)));
    ::prctl(PR_SET_DUMPABLE, 1);
    must(plan, ChildStage::namespaces, checked(::write(ready[1], "", 1)));
    int status = 0;
    must(plan, ChildStage::namespaces, checked(::waitpid(static_cast<pid_t>(helper), &status, 0)));
    ::prctl(PR_SET_DUMPABLE, 0);
    must(plan, ChildStage::namespaces, status == 0 ? 0 : -((status >> 8) & 0xff));
    ::syscall(SYS_close, ready[0]);
    ::syscall(SYS_close, ready[1]);
}

/// Tells the parent which child it has got from us.
void report_birth(const ChildPlan& plan, pid_t pid) noexcept {
    const ChildReport born{ChildStage::started, pid, 0};
    const ssize_t ignored = ::write(plan.report_fd, &born, sizeof born);
    (void)ignored;
}

/// For the processes we make: the clocks can be set until the first of them is in it.
void make_time_namespace(const ChildPlan& plan) noexcept {
    must(plan, ChildStage::namespaces, checked(::unshare(CLONE_NEWTIME)));
    if (plan.outer.time_offsets[0] == '\0') return;
    ::prctl(PR_SET_DUMPABLE, 1); // else the file is the machine's root's (proc(5))
    ScopedFd file(checked(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC)));
    ::prctl(PR_SET_DUMPABLE, 0);
    must(plan, ChildStage::namespaces, file.get());
    must(plan, ChildStage::namespaces, checked(::write(file.get(), plan.outer.time_offsets, ::strlen(plan.outer.time_offsets))));
}

void set_initial_cpus(const ChildPlan& plan) noexcept {
    if (plan.process.initial_cpus == nullptr) return;
    must(plan, ChildStage::process, checked(::syscall(SYS_sched_setaffinity, 0, sizeof(CpuMask), *plan.process.initial_cpus)));
}

void run_steps(const ChildPlan& plan, std::span<const Step> steps, int first, State& state) noexcept {
    for (const Step& step : steps) {
        const errint error = run_step(step, plan, state);
        if (error < 0 && !step.optional) fail(plan, ChildStage::step, first, error);
        ++first;
    }
}

} // namespace

namespace child {

errint pause(const ChildPlan& plan) noexcept {
    const ChildReport paused{ChildStage::paused, 0, 0};
    ::prctl(PR_SET_DUMPABLE, 1); // createContainer hooks join our namespaces
    if (::write(plan.report_fd, &paused, sizeof paused) != sizeof paused) return -EPIPE;
    char byte = 0;
    ssize_t n;
    do n = ::read(plan.go_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1) ::_exit(126); // the parent died, or a hook failed
    ::prctl(PR_SET_DUMPABLE, 0);
    return 0;
}

errint open_console(int pts_fd, const ChildPlan& plan) noexcept {
    ScopedFd master(checked(::openat(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)));
    if (master.get() < 0) return master.get();
    int unlock = 0;
    if (::ioctl(master.get(), TIOCSPTLCK, &unlock) != 0) return -errno;
    const struct winsize size {plan.process.rows, plan.process.columns, 0, 0};
    if (size.ws_row != 0 && ::ioctl(master.get(), TIOCSWINSZ, &size) != 0) return -errno;
    // The peer of the master itself, not a name in /dev/pts that somebody could exchange (CVE-2025-52565).
    ScopedFd slave(checked(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)));
    if (slave.get() < 0) return slave.get();
    const errint sent = send_fd(plan.console_fd, master.get());
    return sent < 0 ? sent : slave.release();
}

} // namespace child

void container_child(const ChildPlan& plan) noexcept {
    if (!plan.outer.used) set_oom_score(plan);
    if (!plan.open_until_go) ::prctl(PR_SET_DUMPABLE, 0);
    if (plan.holds) ::syscall(SYS_close, plan.hold_write_fd);
    wait_for_go(plan.go_fd, plan.go_write_fd);
    become_namespace_root(plan, plan.root_uid, plan.root_gid);
    ::prctl(PR_SET_DUMPABLE, 0); // not yet, or the change of ids may have set it again
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    ::umask(0); // modes of what the steps make are meant as written
    if (plan.new_cgroup_namespace) must(plan, ChildStage::namespaces, checked(::unshare(CLONE_NEWCGROUP)));
    State state;
    state.mounts = mount_namespace_number(); // while the host's /proc is in sight
    open_label(plan, state);
    run_steps(plan, plan.steps, plan.first_step, state);
    become_process(plan, state);
}

void outer_child(const ChildPlan& plan) noexcept {
    const OuterPlan& outer = plan.outer;
    set_oom_score(plan); // the container's first process inherits it, and could not open the file any more
    if (!plan.open_until_go) ::prctl(PR_SET_DUMPABLE, 0);
    if (outer.go_fd >= 0) {
        wait_for_go(outer.go_fd, outer.go_write_fd);
        become_namespace_root(plan, 0, 0);
    }
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::umask(0);
    join(plan, outer.before, Which::users);
    if (!outer.steps.empty()) {
        State state;
        if (outer.go_fd < 0) must(plan, ChildStage::namespaces, checked(::unshare(CLONE_NEWNS)));
        run_steps(plan, outer.steps, 0, state);
        must(plan, ChildStage::namespaces, checked(::fchdir(state.root_fd)));
    }
    join_and_nest(plan);
    if (outer.time_offsets != nullptr) make_time_namespace(plan);
    ::prctl(PR_SET_DUMPABLE, 0); // entering a user namespace may have set it again
    const long pid = ::syscall(SYS_clone, outer.flags | CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    must(plan, ChildStage::namespaces, checked(pid));
    if (pid == 0) container_child(plan);
    report_birth(plan, static_cast<pid_t>(pid));
    ::_exit(0);
}

void exec_child(const ChildPlan& plan) noexcept {
    set_oom_score(plan); // the process below inherits it
    set_initial_cpus(plan);
    ::prctl(PR_SET_DUMPABLE, 0);
    must(plan, ChildStage::join, checked(::setns(plan.join_pidfd, plan.join_flags)));
    // CLONE_PARENT: the caller of `ctl exec` becomes the parent, and can wait for a process of another pid namespace.
    const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    must(plan, ChildStage::join, checked(pid));
    if (pid > 0) {
        report_birth(plan, static_cast<pid_t>(pid));
        ::_exit(0);
    }
    wait_for_go(plan.go_fd, plan.go_write_fd);
    become_namespace_root(plan, plan.root_uid, plan.root_gid);
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    State state;
    open_label(plan, state);
    if (plan.process.terminal) {
        struct statfs fs {};
        ScopedFd root(checked(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
        ScopedFd pts(open_in_root(root.get(), "/dev/pts", Create::nothing, true));
        must(plan, ChildStage::terminal, pts.get());
        if (::fstatfs(pts.get(), &fs) != 0 || fs.f_type != DEVPTS_SUPER_MAGIC) fail(plan, ChildStage::terminal, 0, -ENODEV);
        state.slave_fd = open_console(pts.get(), plan);
        must(plan, ChildStage::terminal, state.slave_fd);
        must(plan, ChildStage::terminal, checked(::fchown(state.slave_fd, plan.process.uid, static_cast<gid_t>(-1))));
    }
    become_process(plan, state);
}

} // namespace rootless
