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

#include "base/files.h"
#include "base/on_exit.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "lib/attach_socket.h"
#include "lib/container_mounts.h"
#include "lib/events.h"
#include "lib/leftovers.h"
#include "lib/monitor_io.h"
#include "lib/namespaces.h"
#include "lib/net_process.h"
#include "lib/output_log.h"
#include "lib/restart_policy.h"
#include "rootless/exit_status.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
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
        : job_(job), lock_(take_lock(*job.dir)), signals_(route_signals()),
          restarts_(parse_restart_policy(job.record->restart_policy)), record_(*job.record) {
        // Our command may have been killed, and somebody who found nobody at work may have removed the container since.
        if (!ContainerDir::find(*job.engine, job.dir->id())) throw Error("container ", record_.name, " was removed");
    }

    /// The first run, of which the command that forked us hears.
    void start() {
        log_ = open_log(job_);
        attach_socket_ = open_attach_socket(job_.engine->paths.runtime, job_.dir->id());
        OnExit close_socket([&] { remove_attach_socket(job_.engine->paths.runtime, job_.dir->id()); });
        launch();
        close_socket.disarm();
        note("init");
        note("start");
    }

    pid_t container_pid() const { return container_.pid; }

    void run() {
        io_ = std::make_unique<MonitorIo>(std::move(stdio_), log_.get());
        io_->on_log_error([&](int error) { record_log_error(error); });
        if (job_.first_client) io_->add_client(std::move(job_.first_client), std::move(job_.outlets));
        io_->listen_on(std::move(attach_socket_));
        io_->watch(signals_.get(), EPOLLIN, [&](std::uint32_t) { answer_signals(); });
        io_->watch(patience_.get(), EPOLLIN, [&](std::uint32_t) {
            io_->unwatch(patience_.get());
            end_at_once();
        });
        if (job_.notify) io_->watch(job_.notify.fd(), EPOLLIN, [&](std::uint32_t) { job_.notify.relay(); });
        io_->watch(pause_.get(), EPOLLIN, [&](std::uint32_t) { run_again(); });
        watch_run();
        if (io_->run() == MonitorIo::RunEnd::stalled) leave_rest();
        remove_attach_socket(job_.engine->paths.runtime, job_.dir->id());
        leave_last_word();
        clean_up();
    }

private:
    static std::unique_ptr<OutputLog> open_log(const MonitorJob& job) {
        const ContainerRecord& record = *job.record;
        return open_output_log(record.log, job.dir->path() + "/ctr.log",
                               {record.id, record.name, record.image, record.image_id});
    }

    static FileLock take_lock(const ContainerDir& dir) {
        FileLock lock = FileLock::acquire(dir.fd(), "monitor", FileLock::Mode::exclusive, std::chrono::seconds(10));
        // The last word of an earlier run must not be taken for ours, should we die without one.
        if (::ftruncate(lock.fd(), 0) != 0) throw SysError{errno, "empty the monitor's lock file"};
        return lock;
    }

    /// Nothing a terminal or a shell sends may end the monitor; a request to end is the container's to answer.
    static UniqueFd route_signals() {
        sigset_t set;
        ::sigemptyset(&set);
        for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM}) ::sigaddset(&set, signal);
        ::signal(SIGXFSZ, SIG_IGN); // a limit on the size of files is as a full disk
        if (::sigprocmask(SIG_SETMASK, &set, nullptr) != 0) throw SysError{errno, "block signals"};
        UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!fd) throw SysError{errno, "signalfd"};
        return fd;
    }

    static UniqueFd make_timer() {
        UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
        if (!fd) throw SysError{errno, "timerfd_create"};
        return fd;
    }

    /// All zero would mean never, hence the nanosecond.
    [[nodiscard]] static bool try_set_timer(const UniqueFd& timer, std::chrono::milliseconds time) {
        struct itimerspec after {};
        after.it_value = {time.count() / 1000, time.count() % 1000 * 1'000'000 + 1};
        return ::timerfd_settime(timer.get(), 0, &after, nullptr) == 0;
    }

    // ---- one run

    void launch() {
        StdioPair streams = make_streams(job_);
        for (std::size_t i = 0; i < 3; ++i) job_.extras.stdio[i] = streams.theirs[i].get();
        OnExit drop_cgroup([&] { remove_own_cgroup(); });
        rootless::ChildProgram program(*job_.spec, job_.extras);
        const rootless::LaunchMaps maps{maps_of(*job_.spec), job_.engine->maps};
        container_ = rootless::launch(program, *job_.spec, maps, [&](pid_t pid) {
            if (has_cgroup()) rootless::place(job_.cgroup, pid);
            save_starting(pid);
        });
        OnExit end_container([&] { // it must not run on without a monitor
            sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
            ::waitpid(container_.pid, nullptr, 0);
        });
        if (container_.console) streams.ours.terminal = std::move(container_.console);
        stdio_ = std::move(streams.ours);
        if (!job_.listeners.empty()) net_pid_ = start_net_process(job_.listeners, container_.pidfd.get(), record_.name);
        if (record_.restart_policy.empty()) let_go();
        write_pid_files();
        save_running();
        end_container.disarm();
        drop_cgroup.disarm();
    }

    /// What only another run would need: layers and the like are mounted by now, the net process has the sockets.
    void let_go() {
        for (const int fd : job_.borrowed) UniqueFd(fd).reset();
        job_.passed_stdio = {};
        job_.borrowed.clear();
        job_.listeners.clear();
    }

    void watch_run() {
        if (record_.timeout > 0) {
            if (!try_set_timer(lifetime_, std::chrono::seconds(record_.timeout))) end_at_once(); // a timer that cannot be had has run out
            io_->watch(lifetime_.get(), EPOLLIN, [&](std::uint32_t) {
                io_->unwatch(lifetime_.get());
                end_at_once();
            });
        }
        oom_.emplace(job_.cgroup);
        if (oom_->fd() >= 0) io_->watch(oom_->fd(), EPOLLPRI, [&](std::uint32_t) { (void)oom_->oom_kills(); });
        io_->watch(container_.pidfd.get(), EPOLLIN, [&](std::uint32_t) { end_run(); });
        net_ = net_pid_ > 0 ? sys::pidfd_open(net_pid_) : std::nullopt;
        if (net_)
            io_->watch(net_->get(), EPOLLIN, [&](std::uint32_t) {
                io_->unwatch(net_->get());
                record_net_end();
            });
    }

    void end_at_once() noexcept { sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL); }

    void forget_run() noexcept {
        io_->unwatch(lifetime_.get());
        io_->unwatch(container_.pidfd.get());
        if (oom_ && oom_->fd() >= 0) io_->unwatch(oom_->fd());
        if (net_) io_->unwatch(net_->get());
        oom_.reset();
        end_net_process();
    }

    /// The first process has ended: to be recorded, and to be started again or not.
    void end_run() {
        answer_signals(); // what told us not to start it again came before the end
        const int status = sys::wait_child(container_.pid);
        if (!job_.spec->makes_namespace("pid")) kill_leftovers(container_.mounts);
        state_.exit_code = rootless::exit_code_of(status);
        state_.oom_killed = oom_->oom_kills() > 0;
        state_.finished = sys::realtime_ns();
        forget_run();
        remove_own_cgroup();
        Event died = container_event(current_record(), "died");
        died.exit_code = state_.exit_code;
        record_event(job_.engine->paths, std::move(died));
        decide({state_.exit_code, std::chrono::steady_clock::now() - launched_});
    }

    /// Its ports are free when we say that we are done.
    void end_net_process() noexcept {
        net_.reset();
        if (net_pid_ > 0) ::waitpid(net_pid_, nullptr, 0); // it ends with the container
        net_pid_ = -1;
    }

    // ---- between two runs

    void decide(const EndedRun& run) {
        state_.pid = 0;
        const auto pause = ending_ ? std::nullopt : restarts_.next(run);
        if (!pause) {
            end_for_good();
            return;
        }
        state_.status = "restarting";
        state_.restart_count = restarts_.count();
        save_quietly();
        const auto wait = [this, pause = *pause] {
            if (!try_set_timer(pause_, pause)) end_for_good();
        };
        if (is_between_) {
            wait();
            return;
        }
        is_between_ = true;
        io_->pause(wait); // the pause begins when the last output is delivered
    }

    void run_again() {
        std::uint64_t expirations = 0;
        if (::read(pause_.get(), &expirations, sizeof expirations) < 0 || !is_between_) return;
        try {
            state_.error.clear();
            renew_overlays(*job_.engine, *job_.dir, *job_.spec);
            surroundings_ = open_surroundings(*job_.engine, *job_.spec); // what it joins may have begun anew as well
            job_.extras.surroundings = &surroundings_;
            launch();
            OnExit end_container([&] {
                sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
                ::waitpid(container_.pid, nullptr, 0);
            });
            io_->resume(std::move(stdio_));
            is_between_ = false;
            watch_run();
            end_container.disarm();
        } catch (const Error& e) {
            stdio_ = {};
            forget_run();
            state_.error = cat("could not be started again: ", e.what());
            state_.exit_code = e.exit_code;
            state_.finished = sys::realtime_ns();
            decide({e.exit_code, std::chrono::nanoseconds(0)});
            return;
        }
        note("restart");
        note("start");
    }

    void end_for_good() {
        is_between_ = false;
        state_.status = "exited";
        state_.monitor_pid = 0;
        save_quietly();
        note("cleanup");
        if (record_.auto_remove) remove_record();
        io_->finish(state_.exit_code);
    }

    // ---- what others want of us

    /// SIGTERM comes from systemd, when the machine goes down or the session ends: it is answered as `ctl stop` would do it,
    /// so that a container that ignores the signal neither delays that nor ends without an exit record. SIGUSR1 is from a
    /// `ctl` that is about to end the container by the user's wish.
    void answer_signals() {
        struct signalfd_siginfo info {};
        while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGUSR1) continue;
            ending_ = true;
            if (info.ssi_signo == SIGUSR1) state_.stopped_by_user = true;
            if (is_between_) {
                end_for_good();
            } else if (info.ssi_signo == SIGTERM) {
                sys::pidfd_send_signal(container_.pidfd.get(), record_.stop_signal);
                if (!try_set_timer(patience_, std::chrono::seconds(record_.stop_timeout))) end_at_once(); // no patience to be had
            }
        }
    }

    // ---- the record of it

    /// --pidfile and --conmon-pidfile.
    void write_pid_files() const {
        const auto write = [](const std::string& path, pid_t pid) {
            if (!path.empty()) files::write_atomic(AT_FDCWD, path, std::to_string(pid), 0644, files::Durability::none);
        };
        write(record_.pid_file, container_.pid);
        write(record_.monitor_pid_file, ::getpid());
    }

    /// Before the process may do anything: whatever happens to us from here on, others know of it.
    void save_starting(pid_t pid) {
        state_.status = "starting";
        state_.boot_id = job_.engine->paths.boot_id;
        state_.pid = pid;
        state_.pid_start = find_process_start(pid).value_or(0);
        state_.monitor_pid = ::getpid();
        state_.cgroup = job_.cgroup;
        if (state_.started == 0) state_.started = sys::realtime_ns();
        state_.ports = ports_;
        state_.runtime_dir = job_.engine->paths.runtime;
        job_.dir->save_state(state_);
    }

    void save_running() {
        state_.status = "running";
        state_.started = sys::realtime_ns();
        state_.finished = 0;
        launched_ = std::chrono::steady_clock::now();
        job_.dir->save_state(state_);
    }

    /// On a full disk, say. Readers find the process dead and no monitor, and report the container as ended.
    void save_quietly() noexcept {
        try {
            job_.dir->save_state(state_);
        } catch (const Error&) {
            return;
        }
    }

    /// The published ports are dead from here on, and `inspect` says why. At the container's end it is as it should be.
    void record_net_end() noexcept {
        if (state_.status != "running" || sys::wait_readable(container_.pidfd.get(), std::chrono::milliseconds(0))) return;
        state_.error = "the process that forwards the published ports ended; restart the container to have them back";
        save_quietly();
    }

    void record_log_error(int error) {
        state_.error = cat("its output could not be written to the log and is missing there: ", std::generic_category().message(error));
        save_quietly();
    }

    /// As it is now: a container may have been renamed. Then its old name does not lead to it any more.
    const ContainerRecord& current_record() noexcept {
        try {
            const auto target = sys::find_link_at(AT_FDCWD, job_.engine->paths.data + "/names/" + record_.name);
            if (!target || !target->ends_with(record_.id)) record_ = job_.dir->load_record();
        } catch (const Error&) {
            return record_;
        }
        return record_;
    }

    void note(const char* event) noexcept { record_container_event(job_.engine->paths, current_record(), event); }

    bool has_cgroup() const { return job_.cgroup.manager != rootless::CgroupManager::none; }

    void remove_own_cgroup() noexcept {
        try {
            if (has_cgroup() && !job_.cgroup.base.empty()) rootless::remove_cgroup(job_.cgroup);
        } catch (const Error&) {
            return; // an empty cgroup left behind hurts nobody; the exit record must be written all the same
        }
    }

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
        set_process_title(cat("ctl: rest of ", record_.name));
        while (io_->run() == MonitorIo::RunEnd::stalled) {}
        ::_exit(0);
    }

    /// For those who wait on the lock: the exit code, readable even after the directory is gone.
    void leave_last_word() {
        const std::string text = std::to_string(state_.exit_code) + "\n";
        if (::ftruncate(lock_.fd(), 0) == 0 && ::pwrite(lock_.fd(), text.data(), text.size(), 0) < 0) return;
        lock_.release();
    }

    /// Out of everybody's sight before anybody hears that the container has ended; the unlinking comes after that.
    void remove_record() noexcept {
        try {
            const ContainerRecord& record = current_record();
            unpublish_container(*job_.engine, *job_.dir, record);
            record_container_event(job_.engine->paths, record, "remove");
            remove_anonymous_volumes(*job_.engine, record);
        } catch (const Error&) {
            return; // a read-only disk, say: `ctl rm` gets another chance
        }
    }

    void clean_up() {
        if (record_.auto_remove) empty_trash(*job_.engine);
    }

    static std::vector<PortMapping> resolved_ports(const MonitorJob& job) {
        std::vector<PortMapping> ports;
        for (const Listener& listener : job.listeners) ports.push_back(listener.resolved);
        return ports;
    }

    MonitorJob& job_;
    FileLock lock_;
    UniqueFd signals_;
    UniqueFd patience_ = make_timer(); ///< runs from SIGTERM on
    UniqueFd lifetime_ = make_timer(); ///< --timeout
    UniqueFd pause_ = make_timer();    ///< runs between two runs
    UniqueFd attach_socket_;
    std::vector<PortMapping> ports_ = resolved_ports(job_);
    Restarts restarts_;
    ContainerRecord record_;
    bool ending_ = false;     ///< it is not started again
    bool is_between_ = false; ///< no process; the pause runs, or the last output is being delivered
    ContainerState state_;
    std::unique_ptr<OutputLog> log_; ///< none with some drivers
    std::unique_ptr<MonitorIo> io_;

    // of the current run
    rootless::Launched container_;
    ContainerStdio stdio_;
    rootless::Surroundings surroundings_; ///< of a run that is not the first
    std::optional<rootless::CgroupWatch> oom_;
    pid_t net_pid_ = -1;
    std::optional<UniqueFd> net_;
    std::chrono::steady_clock::time_point launched_;
};

void send_report(int fd, const StartReport& report) noexcept {
    const int head[2] = {report.pid, report.exit_code};
    ssize_t ignored = ::write(fd, head, sizeof head);
    ignored = ::write(fd, report.error.data(), report.error.size());
    (void)ignored; // the command is gone: nobody to tell
}

/// Detaches from everything that belongs to the command that forked us.
void leave_the_command(const MonitorJob& job) {
    std::vector<int> keep = job.borrowed;
    keep.insert(keep.end(), {job.dir->fd(), job.report.get(), job.first_client.get(), job.input.read.get(), job.input.write.get(), job.notify.fd()});
    for (const UniqueFd& fd : job.outlets) keep.push_back(fd.get());
    for (const UniqueFd& fd : job.passed_stdio) keep.push_back(fd.get());
    for (const Listener& listener : job.listeners) keep.push_back(listener.fd.get());
    sys::close_all_but(keep);
    const UniqueFd null = sys::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd)
        if (::dup2(null.get(), fd) < 0) throw SysError{errno, "redirect to /dev/null"};
    ::setsid();
    if (::chdir("/") != 0) throw SysError{errno, "change to /"};
    ::umask(0077);
    set_process_title(cat("ctl: monitor ", job.record->name));
}

void record_failure(const MonitorJob& job, const std::string& why) noexcept {
    try {
        ContainerState state = job.before;
        state.status = state.started == 0 ? "created" : "exited";
        state.error = why;
        job.dir->save_state(state);
    } catch (const Error&) {
        return; // the command prints the reason anyway
    }
}

[[noreturn]] void monitor_main(MonitorJob& job) noexcept {
    try {
        leave_the_command(job);
        Monitor monitor(job);
        try {
            monitor.start();
        } catch (const Error& e) {
            record_failure(job, e.what());
            throw;
        }
        send_report(job.report.get(), {monitor.container_pid(), 0, {}});
        job.report.reset();
        monitor.run();
    } catch (const Error& e) {
        if (job.report) send_report(job.report.get(), {0, e.exit_code, e.what()});
        ::_exit(e.exit_code);
    } catch (const std::exception& e) {
        if (job.report) send_report(job.report.get(), {0, exit_code::engine_error, e.what()});
        ::_exit(exit_code::engine_error);
    }
    ::_exit(0);
}

} // namespace

StartReport await_report(int report_read) {
    const std::string text = sys::read_to_end(report_read, 1 << 16, "start report");
    int head[2] = {0, exit_code::engine_error};
    if (text.size() < sizeof head) return {0, exit_code::engine_error, "the monitor ended before the container started"};
    text.copy(reinterpret_cast<char*>(head), sizeof head);
    return {head[0], head[1], text.substr(sizeof head)};
}

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
