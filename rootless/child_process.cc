// Zone C: how the process itself becomes what the plan says: streams, limits, identity, capabilities, seccomp, exec. The same for
// the first process of a container and for further ones. Theory of operation: rootless/child.cc.
#include "rootless/child_internal.h"

#include <linux/capability.h>
#include <linux/magic.h>
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
#include <termios.h>

namespace rootless::child {
namespace {

constexpr int keyctl_join_session = 1; // KEYCTL_JOIN_SESSION_KEYRING, keyctl(2)

/// Default dispositions and nothing blocked, as a fresh login would have it.
void reset_signals() noexcept {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
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

void install_seccomp(const ChildPlan& plan) noexcept {
    if (plan.process.seccomp.empty()) return;
    struct sock_fprog program {};
    program.len = static_cast<unsigned short>(plan.process.seccomp.size());
    program.filter = const_cast<sock_filter*>(plan.process.seccomp.data());
    ScopedFd listener(checked(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan.process.seccomp_flags, &program)));
    must(plan, ChildStage::process, listener.get());
    if ((plan.process.seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0) return static_cast<void>(listener.release());
    const ChildReport listening{ChildStage::listening, 0, 0};
    must(plan, ChildStage::process, send_fd(plan.report_fd, listener.get(), &listening, sizeof listening));
    char byte = 0; // that somebody answers from here on
    if (::syscall(SYS_recvfrom, plan.report_fd, &byte, 1, 0, nullptr, nullptr) != 1) ::_exit(126);
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

/// Scheduling, for which privileges may be needed.
void set_scheduling(const ChildPlan& plan) noexcept {
    const ProcessPlan& p = plan.process;
    if (p.final_cpus != nullptr)
        must(plan, ChildStage::process, checked(::syscall(SYS_sched_setaffinity, 0, sizeof(CpuMask), *p.final_cpus)));
    if (p.scheduler != nullptr) must(plan, ChildStage::process, checked(::syscall(SYS_sched_setattr, 0, p.scheduler, 0)));
    if (p.io_priority >= 0)
        must(plan, ChildStage::process, checked(::syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, p.io_priority)));
}

void set_label(const ChildPlan& plan, const State& state) noexcept {
    if (plan.process.lsm_label == nullptr) return;
    must(plan, ChildStage::process, checked(::write(state.lsm_fd, plan.process.lsm_label, ::strlen(plan.process.lsm_label))));
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
    // A starter that has gone meanwhile must not end us by SIGPIPE, which is as a fresh login has it now.
    const long ignored = plan.start_socket >= 0 ? ::syscall(SYS_sendto, plan.report_fd, &started, sizeof started, MSG_NOSIGNAL, nullptr, 0)
                                                : ::write(plan.report_fd, &started, sizeof started);
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

/// Whether execute() would find something, for an answer to who makes a container that another one starts later.
void find_program(const ChildPlan& plan) noexcept {
    for (const char* const* path = plan.process.candidates; *path != nullptr; ++path)
        if (::syscall(SYS_faccessat, AT_FDCWD, *path, F_OK) == 0) return;
    fail(plan, ChildStage::exec, 0, -ENOENT);
}

/// What would else be closed by the exec, which is a long way off now: the parent's locks and pipes above all.
void close_inherited(const ChildPlan& plan, const State& state) noexcept {
    for (int from = 3;;) {
        int next = most_descriptors; // the lowest that stays
        const auto consider = [&](int fd) noexcept {
            if (fd >= from && fd < next) next = fd;
        };
        consider(plan.hold_fd);
        consider(plan.start_socket);
        consider(state.lsm_fd);
        consider(plan.report_fd);
        for (const int fd : plan.process.preserved) consider(fd);
        if (next == most_descriptors) return close_from(from);
        close_between(from, next);
        from = next + 1;
    }
}

/// Ready, and waiting to be told so (`ctl init`). The parent's death is the end of file: PR_SET_PDEATHSIG does not outlive the
/// change of ids, nor does it reach through an init.
void wait_to_begin(const ChildPlan& plan, const State& state) noexcept {
    close_inherited(plan, state);
    set_name(plan.process.title, "ctl-prepared");
    const ChildReport held{ChildStage::held, 0, 0, state.mounts};
    must(plan, ChildStage::process, checked(::write(plan.report_fd, &held, sizeof held)));
    char byte = 0;
    ssize_t n;
    do n = ::read(plan.hold_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1) ::_exit(126);
}

/// Whether who has connected lets it begin. Asked to (StartByte::join), it can be joined meanwhile: the kernel lets nobody into the
/// namespaces of a process that is not dumpable, and nobody trace it either.
bool may_begin(int starter) noexcept {
    for (;;) {
        char byte = 0;
        ssize_t n;
        do n = ::read(starter, &byte, 1);
        while (n < 0 && errno == EINTR);
        const bool joined = n == 1 && byte == static_cast<char>(StartByte::join);
        ::prctl(PR_SET_DUMPABLE, joined ? 1 : 0);
        if (joined && ::write(starter, &byte, 1) == 1) continue; // so that it knows
        return n == 1 && byte == static_cast<char>(StartByte::go); // otherwise it changed its mind
    }
}

/// Made, and waiting for whoever starts it: the parent will have left by then. The reports go to that one from now on.
void wait_for_start(const ChildPlan& plan, const State& state) noexcept {
    find_program(plan);
    ::prctl(PR_SET_PDEATHSIG, 0);
    reset_signals();
    close_inherited(plan, state);
    const ChildReport held{ChildStage::held, 0, 0, state.mounts};
    must(plan, ChildStage::process, checked(::write(plan.report_fd, &held, sizeof held)));
    for (;;) {
        ScopedFd starter(checked(::syscall(SYS_accept4, plan.start_socket, nullptr, nullptr, SOCK_CLOEXEC)));
        if (starter.get() == -EINTR) continue;
        if (starter.get() < 0) ::_exit(126); // the parent has its report and is gone
        if (!may_begin(starter.get())) continue;
        if (::syscall(SYS_dup3, starter.get(), plan.report_fd, O_CLOEXEC) < 0) ::_exit(126);
        ::syscall(SYS_close, plan.start_socket);
        return;
    }
}

} // namespace

void open_label(const ChildPlan& plan, State& state) noexcept {
    if (plan.process.lsm_file == nullptr) return;
    struct statfs fs {};
    state.lsm_fd = checked(::open(plan.process.lsm_file, O_WRONLY | O_CLOEXEC));
    must(plan, ChildStage::process, state.lsm_fd);
    if (::fstatfs(state.lsm_fd, &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC) fail(plan, ChildStage::process, __LINE__, -EXDEV);
}

void set_oom_score(const ChildPlan& plan) noexcept {
    if (plan.process.oom_score_adj == nullptr) return;
    ScopedFd file(checked(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)));
    must(plan, ChildStage::process, file.get());
    must(plan, ChildStage::process,
         checked(::write(file.get(), plan.process.oom_score_adj, ::strlen(plan.process.oom_score_adj))));
}

/// From here on everything is the same for `run` and `exec`.
[[noreturn]] void become_process(const ChildPlan& plan, const State& state) noexcept {
    const ProcessPlan& p = plan.process;
    if (p.terminal) set_up_terminal(plan, state.slave_fd);
    else set_up_stdio(plan);
    // Without a session keyring of its own the process would hold the user's. Kernels or filters without keys: none to hold.
    if (p.new_keyring) ::syscall(SYS_keyctl, keyctl_join_session, nullptr);
    enter_cwd(plan);
    ::umask(p.umask);
    set_scheduling(plan);
    if (plan.start_socket >= 0) wait_for_start(plan, state);
    set_limits(plan); // of descriptors, too: nothing below opens one
    set_label(plan, state);
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
    if (plan.holds) wait_to_begin(plan, state);
    ::prctl(PR_SET_PDEATHSIG, 0);
    reset_signals();
    execute(plan, state.mounts);
}

} // namespace rootless::child
