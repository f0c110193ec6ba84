// The monitor's life: start the container, keep its streams and log, record its end, and start it again where --restart says
// so. Forked, never executed; so it starts by letting go of everything it was not given (locks above all), and by leaving the
// caller's session.
//
// It stays until the container's first process has ended for good and its last output is delivered. `ctl stop` and others
// find the container through state.json and its pidfd; nobody has to ask the monitor for anything. Only before ending a
// container for good they tell it so, by SIGUSR1: it is not started again then.
//
// For another run everything is there still: the spec, the seccomp program, the listening sockets, and with a restart policy
// the layers' descriptors as well. What belongs to one run (streams, cgroup, net process) is made anew.
#include "lib/monitor.h"

#include "base/on_exit.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "base/timer.h"
#include "lib/attach_socket.h"
#include "lib/container_mounts.h"
#include "lib/images.h"
#include "lib/launcher.h"
#include "lib/leftovers.h"
#include "lib/monitor_cgroup.h"
#include "lib/monitor_io.h"
#include "lib/monitor_process.h"
#include "lib/monitor_record.h"
#include "lib/other_runtime/call.h"
#include "lib/output_log.h"
#include "lib/restart_policy.h"
#include "lib/run_helpers.h"
#include "rootless/exit_status.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace lib {
namespace {

/// With a terminal the streams come from the container: the pty's master.
StdioPair make_streams(MonitorJob& job) {
    StdioPair streams;
    if (job.record->log.passes_through())
        for (std::size_t i = 0; i < 3; ++i) streams.theirs[i] = sys::dup(job.passed_stdio[i].get());
    else if (!job.record->tty)
        streams = make_stdio_pipes(job.record->interactive ? StdinKind::pipe : StdinKind::null, std::exchange(job.input, {}));
    return streams;
}

class Monitor {
public:
    explicit Monitor(MonitorJob& job)
        : job_(job), lock_(take_monitor_lock(*job.dir)), signals_(route_signals()),
          restarts_(parse_restart_policy(job.record->restart_policy)), record_(*job.engine, *job.dir, *job.record),
          cgroup_(*job.dir, job.cgroup), launcher_(make_launcher(job)), helpers_(job, record_, [this] { end_at_once(); }) {
        // Our command may have been killed, and somebody who found nobody at work may have removed the container since.
        if (!ContainerDir::find(*job.engine, job.dir->id())) throw Error("container ", job.record->name, " was removed");
    }

    /// The first run, of which the command that forked us hears.
    void start() {
        OnExit close_socket([&] { remove_attach_socket(job_.engine->paths.sockets, job_.dir->id()); });
        launch([&] {
            log_ = open_log(job_);
            attach_socket_ = open_attach_socket(job_.engine->paths.sockets, job_.dir->id());
        });
        close_socket.disarm();
        record_.note("init");
        if (!held_) record_.note("start");
    }

    pid_t container_pid() const { return container_.pid; }
    int exit_code() const noexcept { return record_.exit_code(); }

    void run() {
        io_ = std::make_unique<MonitorIo>(std::move(stdio_), log_.get());
        io_->on_log_error([&](int error) { record_.log_failed(error); });
        if (job_.first_client) io_->add_client(std::move(job_.first_client), std::move(job_.outlets));
        io_->listen_on(std::move(attach_socket_));
        io_->watch(signals_.get(), EPOLLIN, [&](std::uint32_t) { answer_signals(); });
        io_->watch(patience_.fd(), EPOLLIN, [&](std::uint32_t) {
            io_->unwatch(patience_.fd());
            end_at_once();
        });
        if (job_.notify) io_->watch(job_.notify.fd(), EPOLLIN, [&](std::uint32_t) { job_.notify.relay(); });
        io_->watch(pause_.fd(), EPOLLIN, [&](std::uint32_t) { run_again(); });
        watch_run();
        if (io_->run() == MonitorIo::RunEnd::stalled) leave_rest();
        remove_attach_socket(job_.engine->paths.sockets, job_.dir->id());
        record_.leave_last_word(lock_);
        clean_up();
    }

private:
    static std::unique_ptr<OutputLog> open_log(const MonitorJob& job) {
        const ContainerRecord& record = *job.record;
        return open_output_log(record.log, job.dir->path() + "/ctr.log",
                               {record.id, record.name, record.image, record.image_id});
    }

    // ---- one run

    /// `meanwhile` is done while the container's process waits for its ids.
    void launch(const std::function<void()>& meanwhile = {}) {
        StdioPair streams = make_streams(job_);
        for (std::size_t i = 0; i < 3; ++i) job_.extras.stdio[i] = streams.theirs[i].get();
        OnExit drop_cgroup([&] { cgroup_.remove(); });
        OnExit end_helpers([&] { helpers_.give_up(); });
        helpers_.prepare();
        const auto note = [&](pid_t pid) {
            record_.shown_by(job_.driver);
            if (job_.extras.hold) record_.initialized(pid, cgroup_.plan(), ports_, job_.before);
            else record_.starting(pid, cgroup_.plan(), ports_);
        };
        try {
            container_ = launcher_->launch({[&](pid_t pid) { cgroup_.place(pid); },
                                            [&](pid_t pid, pid_t beside) { cgroup_.attach(pid, beside); }, meanwhile, note});
        } catch (Error& e) {
            if (const std::string end = helpers_.await_problem(); !end.empty()) e.add_context(cat("the process that shows its files ", end));
            throw;
        }
        OnExit end_container([&] { // it must not run on without a monitor
            sys::kill_and_reap(container_.pid);
            launcher_->run_ended();
        });
        if (container_.console) streams.ours.terminal = std::move(container_.console);
        stdio_ = std::move(streams.ours);
        helpers_.start(container_.pidfd.get());
        if (job_.record->restart_policy.empty()) let_go();
        held_ = job_.extras.hold;
        if (!held_) note_running();
        end_container.disarm();
        end_helpers.disarm();
        drop_cgroup.disarm();
    }

    void note_running() {
        if (job_.spec->makes_namespace("pid")) container_.mounts = 0; // its end is the end of all others in it
        mount_namespace_ = hold_mount_namespace(container_.pid, container_.mounts);
        record_.running(container_.pid, container_.mounts);
        launched_ = std::chrono::steady_clock::now();
    }

    /// What only another run would need: layers and the like are mounted by now. The listening sockets stay, for a net process that
    /// follows another.
    void let_go() {
        for (const int fd : job_.borrowed) UniqueFd(fd).reset();
        job_.passed_stdio = {};
        job_.borrowed.clear();
    }

    void watch_lifetime() {
        if (job_.record->timeout <= 0) return;
        if (!lifetime_.try_set(std::chrono::seconds(job_.record->timeout))) end_at_once(); // a timer that cannot be had has run out
        io_->watch(lifetime_.fd(), EPOLLIN, [&](std::uint32_t) {
            io_->unwatch(lifetime_.fd());
            end_at_once();
        });
    }

    void watch_run() {
        if (!held_) watch_lifetime();
        cgroup_.watch(*io_);
        io_->watch(container_.pidfd.get(), EPOLLIN, [&](std::uint32_t) { end_run(); });
        helpers_.watch(*io_, container_.pidfd.get());
    }

    /// Somebody starts what `ctl init` has prepared. Where that fails the container is what it was before, as with any start.
    void begin() {
        if (!held_) return;
        held_ = job_.extras.hold = false;
        try {
            launcher_->proceed(container_);
            note_running();
        } catch (const Error& e) {
            end_at_once(); // it has begun where only that could not be written down
            ::waitpid(container_.pid, nullptr, 0);
            launcher_->run_ended();
            forget_run();
            cgroup_.remove();
            record_.not_begun(e);
            container_.pid = -1;
            io_->finish(record_.exit_code());
            return;
        }
        watch_lifetime();
        record_.note("start");
    }

    /// Where another runtime cannot pass it on, patience runs out.
    void ask_to_stop() noexcept {
        try {
            (void)signal_container(*job_.record, job_.engine->paths.sockets, container_.pidfd.get(), job_.record->stop_signal);
        } catch (const std::exception&) {
            return;
        }
    }

    void end_at_once() noexcept { sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL); }

    void forget_run() noexcept {
        io_->unwatch(lifetime_.fd());
        io_->unwatch(container_.pidfd.get());
        cgroup_.unwatch(*io_);
        helpers_.end(*io_);
    }

    /// The first process has ended: to be recorded, and to be started again or not.
    void end_run() {
        answer_signals(); // what told us not to start it again came before the end
        if (container_.pid < 0) return; // it could not begin, and that is on record
        if (std::exchange(held_, false)) ending_ = true; // it never ran: nothing to do again
        const int status = sys::wait_child(container_.pid);
        launcher_->run_ended();
        kill_leftovers(std::move(mount_namespace_), container_.mounts, job_.dir->id());
        const bool oom_killed = cgroup_.has_oom_kills();
        forget_run();
        cgroup_.remove();
        record_.run_ended(rootless::exit_code_of(status), oom_killed);
        decide({record_.exit_code(), std::chrono::steady_clock::now() - launched_});
    }

    // ---- between two runs

    void decide(const EndedRun& run) {
        // One that was started without a policy has let go of what another run needs.
        const auto policy = job_.record->restart_policy.empty() ? std::nullopt : record_.find_restart_policy();
        if (policy) restarts_.change(*policy);
        const auto pause = ending_ ? std::nullopt : restarts_.next(run);
        if (!pause) {
            end_for_good();
            return;
        }
        record_.resting(restarts_.count());
        const auto wait = [this, pause = *pause] {
            if (!pause_.try_set(pause)) end_for_good();
        };
        if (is_between_) {
            wait();
            return;
        }
        is_between_ = true;
        io_->pause(wait); // the pause begins when the last output is delivered
    }

    void run_again() {
        if (!pause_.take() || !is_between_) return;
        try {
            renew_overlays(*job_.engine, *job_.dir, *job_.spec);
            helpers_.look_around();
            launch();
            OnExit end_container([&] {
                sys::kill_and_reap(container_.pid);
                launcher_->run_ended();
            });
            io_->resume(std::move(stdio_));
            is_between_ = false;
            watch_run();
            end_container.disarm();
        } catch (const Error& e) {
            stdio_ = {};
            forget_run();
            record_.run_failed(e);
            decide({e.exit_code, std::chrono::nanoseconds(0)});
            return;
        }
        record_.note("restart");
        record_.note("start");
    }

    void end_for_good() {
        is_between_ = false;
        record_.over();
        io_->finish(record_.exit_code());
    }

    // ---- what others want of us

    /// SIGTERM comes from systemd, when the machine goes down or the session ends: it is answered as `ctl stop` would do it,
    /// so that a container that ignores the signal neither delays that nor ends without an exit record. SIGUSR1 is from a
    /// `ctl` that is about to end the container by the user's wish, SIGUSR2 from one that starts what `ctl init` prepared,
    /// SIGHUP from one that has changed its limits or ports.
    void answer_signals() {
        struct signalfd_siginfo info {};
        while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo == SIGUSR2) begin();
            if (info.ssi_signo == SIGHUP) take_changes();
            if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGUSR1) continue;
            ending_ = true;
            if (info.ssi_signo == SIGUSR1) record_.stopped_by_user();
            if (is_between_) {
                end_for_good();
            } else if (held_) {
                end_at_once(); // nothing in it could answer
            } else if (info.ssi_signo == SIGTERM) {
                ask_to_stop();
                if (!patience_.try_set(std::chrono::seconds(job_.record->stop_timeout))) end_at_once(); // no patience to be had
            }
        }
    }

    void take_changes() noexcept {
        cgroup_.take_changes(is_between_ ? nullptr : io_.get(), record_);
        helpers_.take_changes(is_between_ ? "it is between two runs: try again when it runs" : "");
        ports_ = helpers_.ports();
    }

    // ---- the end

    /// A client that takes nothing (stopped, or its reader is) must not hold up those who wait for the end, `rm --force` above
    /// all. A child goes on serving it and has nothing else of ours; in the parent this returns.
    void leave_rest() {
        const pid_t pid = ::fork();
        if (pid != 0) { // where there is no fork, the client loses the rest
            static_cast<void>(log_.release()); // the child's to finish
            return;
        }
        lock_.release();
        io_->unwatch(signals_.get());
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        set_process_title(cat("ctl: rest of ", job_.record->name));
        while (io_->run() == MonitorIo::RunEnd::stalled) {}
        log_.reset();
        ::_exit(0);
    }

    /// Nobody would hear of it when somebody else uses the image.
    void remove_own_image() noexcept {
        try {
            remove_image(*job_.engine, job_.record->image, {});
        } catch (const Error&) {
            return;
        }
    }

    void clean_up() {
        if (job_.record->auto_remove) empty_trash(*job_.engine);
        if (job_.record->auto_remove_image) remove_own_image();
    }

    MonitorJob& job_;
    FileLock lock_;
    UniqueFd signals_;
    Timer patience_; ///< runs from SIGTERM on
    Timer lifetime_; ///< --timeout
    Timer pause_;    ///< runs between two runs
    UniqueFd attach_socket_;
    Restarts restarts_;
    MonitorRecord record_;
    MonitorCgroup cgroup_;
    std::unique_ptr<Launcher> launcher_;
    RunHelpers helpers_;
    std::vector<PortMapping> ports_ = helpers_.ports();
    bool ending_ = false;     ///< it is not started again
    bool is_between_ = false; ///< no process; the pause runs, or the last output is being delivered
    std::unique_ptr<OutputLog> log_; ///< none with some drivers
    std::unique_ptr<MonitorIo> io_;

    // of the current run
    rootless::Launched container_;
    UniqueFd mount_namespace_; ///< of what may outlive the first process of a run (lib/leftovers.h)
    bool held_ = false; ///< its process waits to become its program (`ctl init`)
    ContainerStdio stdio_;
    std::chrono::steady_clock::time_point launched_;
};

/// Ends as the container does, which is what a systemd that watches this process (--sdnotify) takes for the service's end.
[[noreturn]] void monitor_main(MonitorJob& job) noexcept {
    int code = exit_code::engine_error;
    try {
        leave_the_command(job);
        Monitor monitor(job);
        try {
            monitor.start();
        } catch (const Error& e) {
            record_failed_start(*job.dir, std::move(job.before), e.what());
            throw;
        }
        send_report(job.report.get(), {monitor.container_pid(), 0, {}});
        job.report.reset();
        monitor.run();
        code = monitor.exit_code();
    } catch (const Error& e) {
        if (job.report) send_report(job.report.get(), {0, e.exit_code, e.what()});
        ::_exit(e.exit_code);
    } catch (const std::exception& e) {
        if (job.report) send_report(job.report.get(), {0, exit_code::engine_error, e.what()});
        ::_exit(exit_code::engine_error);
    }
    ::_exit(code);
}

} // namespace

pid_t fork_monitor(MonitorJob& job) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the monitor"};
    if (pid == 0) monitor_main(job);
    job.report.reset();
    job.first_client.reset();
    job.outlets = {};
    job.input = {};
    job.passed_stdio = {};
    job.listeners.clear();
    return pid;
}

} // namespace lib
