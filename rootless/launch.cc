// Theory of operation: how a container starts.
//
// Aim. From a finished plan to a running program in a handful of system calls, or to one sentence that says why not.
// Actors. The caller (the container's monitor, or `ctl exec`), single-threaded; the child (rootless/child.cc); newuidmap and
// newgidmap, run side by side while the child waits; an outer process where the container begins in another user namespace
// (rootless/surroundings.h).
// Flow. clone3 with every namespace at once -> id maps, and before_go (cgroup) meanwhile -> one byte on the go pipe -> (all
// but the exec is done; proceed(): one byte on the hold pipe) -> reports until the pipe ends. `started` and then end of file
// is success: exec closed it. Anything else is explained, the child reaped.
// Non-aims. Deciding what the container is (lib/), or waiting for its end (the monitor).
// Limits. clone3 needs kernel 5.3 (clone serves where it is missing or filtered), exec's setns by pidfd 5.8.
// Failure story. An exception here kills and reaps the child before it leaves. If this process dies, the child finds the go
// pipe at its end, or is killed by PR_SET_PDEATHSIG.
#include "rootless/launch.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/surroundings.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace rootless {
namespace {

/// CLONE_NEW* of what a process of the container has of its own, "cgroup" among them. A missing one is the host's.
int flags_of(const oci::RuntimeSpec& spec) {
    int flags = 0;
    for (const oci::Namespace& n : spec.namespaces) flags |= namespace_flag(n.type);
    return flags;
}

/// Those of them that are made for it. "cgroup" is missing: the child makes it by itself once it is in its cgroup, and
/// "time": the outer process does.
int new_flags(const oci::RuntimeSpec& spec) {
    int flags = 0;
    for (const oci::Namespace& n : spec.namespaces)
        if (n.path.empty() && n.type != "cgroup" && n.type != "time") flags |= namespace_flag(n.type);
    return flags;
}

/// No signal handler of ours may run in the child; it sets its own mask when it is ready.
class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, &before_);
    }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

/// fork() with namespaces. The child gets a copy of everything, so the plan's pointers hold there.
pid_t clone_child(int flags) {
    struct clone_args args {};
    args.flags = static_cast<unsigned>(flags);
    args.exit_signal = SIGCHLD;
    long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0 && (errno == ENOSYS || errno == EPERM)) // EPERM: a seccomp filter around us may know clone only
        pid = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    return static_cast<pid_t>(pid);
}

[[noreturn]] void throw_clone_error(int error) {
    if (error == ENOSPC || error == EUSERS)
        throw Error("cannot make another user namespace: the limit in /proc/sys/user/max_user_namespaces is reached");
    if (error == EPERM || error == EACCES)
        throw Error("this system does not let ordinary users make user namespaces; see "
                    "/proc/sys/kernel/unprivileged_userns_clone and, on Ubuntu, kernel.apparmor_restrict_unprivileged_userns");
    throw SysError{error, "make the container's namespaces"};
}

/// The descriptors of one launch; `theirs` ends are closed once the child has them.
struct Channels {
    Pipe go = sys::pipe();
    Pipe report; ///< a pair of sockets where a seccomp listener comes with it
    Pipe hold;
    std::optional<SocketPair> console;

    Channels(ChildProgram& program) {
        ChildPlan& plan = program.plan();
        if (program.has_listener()) {
            SocketPair pair = sys::socket_pair(SOCK_STREAM);
            report = {std::move(pair.ours), std::move(pair.theirs)};
        } else {
            report = sys::pipe();
        }
        if (plan.process.terminal) console = sys::socket_pair(SOCK_STREAM);
        if (plan.holds) hold = sys::pipe();
        plan.hold_fd = hold.read.get();
        plan.hold_write_fd = hold.write.get();
        plan.go_fd = go.read.get();
        plan.go_write_fd = go.write.get();
        plan.report_fd = report.write.get();
        plan.console_fd = console ? console->theirs.get() : -1;
    }
    void close_theirs() {
        go.read.reset();
        report.write.reset();
        hold.read.reset();
        if (console) console->theirs.reset();
    }
};

void say_go(int fd) {
    const char byte = 1;
    sys::write_all(fd, {&byte, 1}, "start of the container");
}

/// `listener`: what came with it; null where none can.
std::optional<ChildReport> read_report(int fd, UniqueFd* listener = nullptr) {
    ChildReport report{};
    const auto bytes = std::as_writable_bytes(std::span(&report, 1));
    std::size_t n = 0;
    if (listener != nullptr) {
        sys::ReceivedFd received = sys::receive_with_fd(fd, bytes, "child report");
        n = received.size;
        *listener = std::move(received.fd);
    } else {
        n = sys::read_some(fd, bytes, "child report");
    }
    if (n == 0) return std::nullopt;
    if (n != sizeof report) throw Error("the container's process sent a torn report");
    return report;
}

/// Reads reports to the end of the pipe, or until the process waits. Throws unless the last word is one of these. `on_pause` is
/// called when it waits in between. The mount namespace's number.
std::uint32_t await_exec(const ChildProgram& program, int reports, pid_t pid, const std::function<void()>& on_pause = {}) {
    std::optional<ChildReport> last;
    UniqueFd listener;
    while (const auto report = read_report(reports, program.has_listener() ? &listener : nullptr)) {
        if (report->stage == ChildStage::listening && listener) {
            program.give_listener(pid, std::move(listener));
            say_go(reports);
            continue;
        }
        if (report->stage == ChildStage::paused && on_pause) {
            on_pause();
            continue;
        }
        if (report->stage != ChildStage::started && report->stage != ChildStage::held) throw program.explain(*report);
        last = report;
        if (report->stage == ChildStage::held) break;
    }
    if (!last) throw program.explain({ChildStage::started, 0, 0});
    return last->mounts;
}

/// The rest of a launch, the same for both kinds: `pid` waits for its go.
Launched finish(const ChildProgram& program, Channels& channels, pid_t pid, const WhilePaused& while_paused) {
    Launched launched;
    launched.pid = pid;
    auto pidfd = sys::pidfd_open(pid);
    if (!pidfd) throw program.explain({ChildStage::started, 0, 0});
    launched.pidfd = std::move(*pidfd);
    say_go(channels.go.write.get());
    launched.mounts = await_exec(program, channels.report.read.get(), pid, [&] {
        if (while_paused) while_paused(pid);
        say_go(channels.go.write.get());
    });
    if (channels.console && !(launched.console = sys::receive_fd(channels.console->ours.get())))
        throw Error("the container's process sent no terminal");
    launched.hold = std::move(channels.hold.write);
    if (launched.hold) launched.reports = std::move(channels.report.read);
    return launched;
}

/// The pid that an outer or joining process has reported for the process it has made for us; it has left then.
pid_t await_birth(const ChildProgram& program, const Channels& channels, pid_t helper) {
    const auto pidfd = sys::pidfd_open(helper);
    pollfd polls[2] = {{channels.report.read.get(), POLLIN, 0}, {pidfd ? pidfd->get() : -1, POLLIN, 0}};
    while (::poll(polls, 2, -1) < 0)
        if (errno != EINTR) throw SysError{errno, "poll"};
    // Killed between the birth and the report, it leaves a process that holds the pipe and waits for our go: it ends with the pipes.
    const bool reported = polls[0].revents != 0 || ::poll(polls, 1, 0) > 0;
    const auto born = reported ? read_report(channels.report.read.get()) : std::nullopt;
    sys::wait_child(helper);
    if (!born) throw program.explain({ChildStage::started, 0, 0});
    if (born->stage != ChildStage::started) throw program.explain(*born);
    return born->detail;
}

/// The outer process, up to the report of the container's pid.
pid_t launch_outer(ChildProgram& program, Channels& channels, const IdMaps& store_maps) {
    OuterPlan& outer = program.plan().outer;
    const bool fresh = program.has_fresh_outer();
    Pipe go = sys::pipe();
    if (fresh) {
        outer.go_fd = go.read.get();
        outer.go_write_fd = go.write.get();
    }
    const pid_t helper = clone_child(fresh ? CLONE_NEWUSER | CLONE_NEWNS : 0);
    if (helper < 0) throw_clone_error(errno);
    if (helper == 0) outer_child(program.plan());
    OnExit reap([&] { sys::kill_and_reap(helper); });
    go.read.reset();
    channels.close_theirs();
    if (fresh) {
        write_id_maps(helper, store_maps);
        say_go(go.write.get());
    }
    reap.disarm();
    return await_birth(program, channels, helper);
}

/// A process that waits for its go, its maps in force.
pid_t begin(ChildProgram& program, Channels& channels, const oci::RuntimeSpec& spec, const LaunchMaps& maps, const BeforeGo& before_go) {
    pid_t pid = -1;
    if (program.plan().outer.used) {
        OuterPlan& outer = program.plan().outer;
        outer.flags = new_flags(spec);
        outer.flags &= ~CLONE_NEWUSER; // the outer process is in the container's by then
        pid = launch_outer(program, channels, maps.store);
    } else {
        pid = clone_child(new_flags(spec));
        if (pid < 0) throw_clone_error(errno);
        if (pid == 0) container_child(program.plan());
        channels.close_theirs();
    }
    OnExit reap([&] { sys::kill_and_reap(pid); });
    std::optional<IdMapWriter> writer;
    if (!program.plan().outer.used && spec.makes_namespace("user")) writer.emplace(pid, maps.container);
    if (before_go) before_go(pid); // while the helpers work
    if (writer) writer->finish();
    reap.disarm();
    return pid;
}

} // namespace

Launched launch(ChildProgram& program, const oci::RuntimeSpec& spec, const LaunchMaps& maps, const BeforeGo& before_go,
                const WhilePaused& while_paused) {
    Channels channels(program);
    const BlockedSignals blocked;
    const pid_t pid = begin(program, channels, spec, maps, before_go);
    OnExit reap([&] { sys::kill_and_reap(pid); });
    Launched launched = finish(program, channels, pid, while_paused);
    reap.disarm();
    return launched;
}

void launch_stage(ChildProgram& program, const oci::RuntimeSpec& spec, const LaunchMaps& maps, const BeforeGo& before_go, const WhilePaused& work) {
    Channels channels(program);
    const BlockedSignals blocked;
    const pid_t pid = begin(program, channels, spec, maps, before_go);
    const OnExit reap([&] { sys::kill_and_reap(pid); });
    say_go(channels.go.write.get());
    const auto report = read_report(channels.report.read.get());
    if (!report) throw program.explain({ChildStage::started, 0, 0});
    if (report->stage != ChildStage::paused) throw program.explain(*report);
    work(pid);
}

void proceed(const ChildProgram& program, Launched& launched) {
    OnExit reap([&] { sys::kill_and_reap(launched.pid); });
    say_go(launched.hold.get());
    (void)await_exec(program, launched.reports.get(), launched.pid);
    launched.hold.reset();
    launched.reports.reset();
    reap.disarm();
}

void open_waiting(int connection) {
    char byte = static_cast<char>(StartByte::join);
    sys::write_all(connection, {&byte, 1}, "ask the waiting process to be joined");
    if (sys::read_some(connection, std::as_writable_bytes(std::span(&byte, 1)), "answer of the waiting process") != 1)
        throw Error("the container's process ended before it was started");
}

void start_waiting(const ChildProgram& program, int connection) {
    say_go(connection);
    (void)await_exec(program, connection, 0);
}

Launched launch_inside(ChildProgram& program, const oci::RuntimeSpec& spec, int container_pidfd, const BeforeGo& before_go) {
    Channels channels(program);
    program.plan().join_pidfd = container_pidfd;
    program.plan().join_flags = flags_of(spec);
    const BlockedSignals blocked;
    const pid_t helper = clone_child(0);
    if (helper < 0) throw SysError{errno, "fork"};
    if (helper == 0) exec_child(program.plan());
    channels.close_theirs();
    const pid_t pid = await_birth(program, channels, helper);
    OnExit reap([&] { sys::kill_and_reap(pid); });
    if (before_go) before_go(pid);
    Launched launched = finish(program, channels, pid, {});
    reap.disarm();
    return launched;
}

void join_network(int container_pidfd) {
    if (::setns(container_pidfd, CLONE_NEWUSER | CLONE_NEWNET) != 0) throw SysError{errno, "join the container's network"};
}

} // namespace rootless
