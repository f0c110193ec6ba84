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

[[noreturn]] void fail(const ChildPlan& plan, ChildStage stage, int detail, errint error) noexcept {
    const ChildReport report{stage, detail, -error};
    const ssize_t ignored = ::write(plan.report_fd, &report, sizeof report);
    (void)ignored;
    ::_exit(126);
}

/// Ends the process when `error` is one; the line number tells the parent's words which call it was.
void must(const ChildPlan& plan, ChildStage stage, errint error, int detail = __builtin_LINE()) noexcept {
    if (error < 0) fail(plan, stage, detail, error);
}

void wait_for_go(int go_fd, int go_write_fd) noexcept {
    ::syscall(SYS_close, go_write_fd);
    char byte = 0;
    ssize_t n;
    do n = ::read(go_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1) ::_exit(126); // the parent died: nobody left to tell
}

/// Default dispositions and nothing blocked, as a fresh login would have it.
void reset_signals() noexcept {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
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

void run_steps(const ChildPlan& plan, std::span<const Step> steps, int first, State& state) noexcept {
    for (const Step& step : steps) {
        const errint error = run_step(step, plan, state);
        if (error < 0 && !step.optional) fail(plan, ChildStage::step, first, error);
        ++first;
    }
}

void set_up_terminal(const ChildPlan& plan, int slave) noexcept {
    must(plan, ChildStage::terminal, checked(::ioctl(slave, TIOCSCTTY, 0)));
    for (int fd = 0; fd < 3; ++fd) must(plan, ChildStage::terminal, checked(::dup2(slave, fd)));
}

/// The three streams; pipes get the process's owner, so that it can open /dev/stdout again after it has changed its user.
void set_up_stdio(const ChildPlan& plan) noexcept {
    for (int fd = 0; fd < 3; ++fd) {
        const int source = plan.process.stdio[fd];
        must(plan, ChildStage::stdio, source == fd ? checked(::fcntl(fd, F_SETFD, 0)) : checked(::dup2(source, fd)));
        struct stat st {};
        if (::fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
            // A pipe somebody else made stays theirs (EPERM): writing works all the same.
            [[maybe_unused]] const int owned = ::fchown(fd, plan.process.uid, plan.process.gid);
        }
    }
}

/// The working directory, found without magic links: /proc/self/fd/N must not lead out through one of ours (CVE-2024-21626).
void enter_cwd(const ChildPlan& plan) noexcept {
    struct stat st {};
    ScopedFd root(checked(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    must(plan, ChildStage::process, root.get());
    ScopedFd cwd(open_in_root(root.get(), plan.process.cwd, Create::nothing, false));
    if (cwd.get() < 0) fail(plan, ChildStage::process, -1, cwd.get());
    if (::fstat(cwd.get(), &st) != 0 || !S_ISDIR(st.st_mode)) fail(plan, ChildStage::process, -1, -ENOTDIR);
    if (::fchdir(cwd.get()) != 0) fail(plan, ChildStage::process, -1, -errno);
    char text[4096];
    const errint length = checked(::syscall(SYS_getcwd, text, sizeof text));
    if (length < 0 || text[0] != '/') fail(plan, ChildStage::process, -2, -EXDEV);
}

void set_limits(const ChildPlan& plan) noexcept {
    for (const ResourceLimit& l : plan.process.limits) {
        const struct rlimit64 limit {l.soft, l.hard};
        must(plan, ChildStage::process, checked(::syscall(SYS_prlimit64, 0, l.resource, &limit, nullptr)));
    }
}

/// Before anything makes the process undumpable: the files below its /proc/PID are root's from then on (proc(5)).
void set_oom_score(const ChildPlan& plan) noexcept {
    if (plan.process.oom_score_adj == nullptr) return;
    ScopedFd file(checked(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)));
    must(plan, ChildStage::process, file.get());
    must(plan, ChildStage::process,
         checked(::write(file.get(), plan.process.oom_score_adj, ::strlen(plan.process.oom_score_adj))));
}

void install_seccomp(const ChildPlan& plan) noexcept {
    if (plan.process.seccomp.empty()) return;
    struct sock_fprog program {};
    program.len = static_cast<unsigned short>(plan.process.seccomp.size());
    program.filter = const_cast<sock_filter*>(plan.process.seccomp.data());
    must(plan, ChildStage::process, checked(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)));
}

errint set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) noexcept {
    struct __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; ++i) {
        data[i].effective = static_cast<__u32>(effective >> (32 * i));
        data[i].permitted = static_cast<__u32>(permitted >> (32 * i));
        data[i].inheritable = static_cast<__u32>(inheritable >> (32 * i));
    }
    return checked(::syscall(SYS_capset, &header, data));
}

/// User, groups and capabilities. Inheritable is empty for root, so that a file's inheritable bits give nothing back
/// (CVE-2022-29162 and its sisters).
void change_identity(const ChildPlan& plan) noexcept {
    const ProcessPlan& p = plan.process;
    const CapabilityMasks& caps = p.capabilities;
    for (int cap = 0; cap <= caps.last; ++cap)
        if ((caps.bounding >> cap & 1) == 0) must(plan, ChildStage::process, checked(::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)));
    must(plan, ChildStage::process, checked(::prctl(PR_SET_KEEPCAPS, 1)));
    if (p.set_groups) must(plan, ChildStage::process, checked(::syscall(SYS_setgroups, p.groups.size(), p.groups.data())));
    must(plan, ChildStage::process, checked(::syscall(SYS_setresgid, p.gid, p.gid, p.gid)));
    must(plan, ChildStage::process, checked(::syscall(SYS_setresuid, p.uid, p.uid, p.uid)));
    must(plan, ChildStage::process, set_capabilities(caps.effective, caps.permitted, caps.inheritable));
    must(plan, ChildStage::process, checked(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)));
    for (int cap = 0; cap <= caps.last; ++cap)
        if (caps.ambient >> cap & 1)
            must(plan, ChildStage::process, checked(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)));
}

/// Tries the candidates as execvp(3) does: a missing one is passed over, a forbidden one remembered.
[[noreturn]] void execute(const ChildPlan& plan, std::uint32_t mounts) noexcept {
    const ChildReport started{ChildStage::started, 0, 0, mounts};
    const ssize_t ignored = ::write(plan.report_fd, &started, sizeof started);
    (void)ignored;
    errint error = -ENOENT;
    for (const char* const* path = plan.process.candidates; *path != nullptr; ++path) {
        ::execve(*path, plan.process.argv, plan.process.envp);
        if (errno == ENOENT || errno == ENOTDIR) continue;
        error = -errno;
        if (errno != EACCES) break;
    }
    fail(plan, ChildStage::exec, 0, error);
}

/// What would else be closed by the exec, which is a long way off now: the parent's locks and pipes above all.
void close_inherited(const ChildPlan& plan) noexcept {
    for (int from = 3;;) {
        int next = most_descriptors; // the lowest that stays
        const auto consider = [&](int fd) noexcept {
            if (fd >= from && fd < next) next = fd;
        };
        consider(plan.hold_fd);
        consider(plan.report_fd);
        for (const int fd : plan.process.preserved) consider(fd);
        if (next == most_descriptors) return close_from(from);
        close_between(from, next);
        from = next + 1;
    }
}

/// Ready, and waiting to be told so (`ctl init`). The parent's death is the end of file: PR_SET_PDEATHSIG does not outlive the
/// change of ids, nor does it reach through an init.
void wait_to_begin(const ChildPlan& plan, std::uint32_t mounts) noexcept {
    close_inherited(plan);
    set_name(plan.process.title, "ctl-prepared");
    const ChildReport held{ChildStage::held, 0, 0, mounts};
    must(plan, ChildStage::process, checked(::write(plan.report_fd, &held, sizeof held)));
    char byte = 0;
    ssize_t n;
    do n = ::read(plan.hold_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1) ::_exit(126);
}

/// From here on everything is the same for `run` and `exec`.
[[noreturn]] void become_process(const ChildPlan& plan, const State& state) noexcept {
    const ProcessPlan& p = plan.process;
    if (p.terminal) set_up_terminal(plan, state.slave_fd);
    else set_up_stdio(plan);
    // Without a session keyring of its own the process would hold the user's. Kernels or filters without keys: none to hold.
    if (p.new_keyring) ::syscall(SYS_keyctl, keyctl_join_session, nullptr);
    set_limits(plan);
    enter_cwd(plan);
    ::umask(p.umask);
    if (p.personality != no_personality)
        must(plan, ChildStage::process, checked(::syscall(SYS_personality, static_cast<unsigned long>(p.personality))));
    if (p.no_new_privileges) must(plan, ChildStage::process, checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
    // Without no_new_privs a filter needs CAP_SYS_ADMIN, so it comes before the capabilities go.
    else install_seccomp(plan);
    change_identity(plan);
    if (p.no_new_privileges) install_seccomp(plan);
    mark_cloexec_from(3);
    for (const int fd : p.preserved) must(plan, ChildStage::stdio, checked(::fcntl(fd, F_SETFD, 0)));
    if (p.init) {
        const long pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        must(plan, ChildStage::process, checked(pid));
        if (pid > 0) run_init(static_cast<pid_t>(pid), p.title);
        if (p.terminal) { // the session belongs to the init; the command becomes its terminal's foreground group
            ::setpgid(0, 0);
            ::tcsetpgrp(0, ::getpid());
        }
    }
    if (plan.holds) wait_to_begin(plan, state.mounts);
    ::prctl(PR_SET_PDEATHSIG, 0);
    reset_signals();
    execute(plan, state.mounts);
}

} // namespace

namespace child {

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
    ::prctl(PR_SET_DUMPABLE, 0); // entering a user namespace may have set it again
    const long pid = ::syscall(SYS_clone, outer.flags | CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    must(plan, ChildStage::namespaces, checked(pid));
    if (pid == 0) container_child(plan);
    report_birth(plan, static_cast<pid_t>(pid));
    ::_exit(0);
}

void exec_child(const ChildPlan& plan) noexcept {
    set_oom_score(plan); // the process below inherits it
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
