// The monitor's life: start the container, keep its streams and log, record its end. Forked, never executed; so it starts by
// letting go of everything it was not given (locks above all), and by leaving the caller's session.
//
// It stays until the container's first process has ended and its last output is delivered. `ctl stop` and others find the
// container through state.json and its pidfd; nobody has to ask the monitor for anything.
#include "lib/monitor.h"

#include "base/files.h"
#include "base/on_exit.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "lib/leftovers.h"
#include "lib/monitor_io.h"
#include "lib/namespaces.h"
#include "lib/output_log.h"
#include "netstack/forward.h"
#include "netstack/loopback.h"
#include "rootless/caps.h"
#include "rootless/exit_status.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace lib {
namespace {

/// With a terminal the streams come from the container: the pty's master. The descriptors of the job serve once.
StdioPair make_streams(MonitorJob& job) {
    StdioPair streams;
    if (job.record->log.passes_through())
        streams.theirs = std::move(job.passed_stdio);
    else if (!job.record->tty)
        streams = make_stdio_pipes(job.record->interactive ? StdinKind::pipe : StdinKind::null, std::exchange(job.input, {}));
    return streams;
}

/// What a long-lived helper needs no more once it is set up: privileges, core dumps, being looked into.
void harden_helper() {
    const struct rlimit none {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    rootless::drop_all_capabilities();
    ::prctl(PR_SET_DUMPABLE, 0);
}

/// The process that forwards the published ports: see netstack/forward.h.
pid_t start_net_process(MonitorJob& job, int container_pidfd) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the net process"};
    if (pid > 0) {
        job.listeners.clear();
        return pid;
    }
    std::vector<int> keep{container_pidfd};
    for (const Listener& listener : job.listeners) keep.push_back(listener.fd.get());
    sys::close_all_but(keep);
    set_process_title(cat("ctl: net ", job.record->name));
    try {
        netstack::ForwardPlan plan;
        for (Listener& listener : job.listeners)
            plan.forwards.push_back({std::move(listener.fd), listener.resolved.container_port});
        plan.stop = sys::dup(container_pidfd);
        rootless::join_network(container_pidfd);
        netstack::configure_loopback();
        netstack::raise_descriptor_limit();
        harden_helper();
        ::_exit(netstack::run_forwards(std::move(plan)));
    } catch (const std::exception&) {
        ::_exit(exit_code::engine_error); // the monitor notices and says so in the state
    }
}

class Monitor {
public:
    explicit Monitor(MonitorJob& job) : job_(job), lock_(take_lock(*job.dir)), signals_(route_signals()) {}

    void start() {
        log_ = open_log(job_);
        StdioPair streams = make_streams(job_);
        for (std::size_t i = 0; i < 3; ++i) job_.extras.stdio[i] = streams.theirs[i].get();
        OnExit drop_cgroup([&] { remove_own_cgroup(); });
        rootless::ChildProgram program(*job_.spec, job_.extras);
        const rootless::LaunchMaps maps{maps_of(*job_.spec), job_.engine->maps};
        container_ = rootless::launch(program, *job_.spec, maps, [&](pid_t pid) {
            if (has_cgroup()) rootless::place(job_.cgroup, pid);
        });
        OnExit end_container([&] { // it must not run on without a monitor
            sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
            ::waitpid(container_.pid, nullptr, 0);
        });
        if (container_.console) streams.ours.terminal = std::move(container_.console);
        stdio_ = std::move(streams.ours);
        if (!job_.listeners.empty()) net_pid_ = start_net_process(job_, container_.pidfd.get());
        for (const int fd : job_.borrowed) UniqueFd(fd).reset(); // layers and the like: mounted by now
        write_pid_files();
        save_running();
        end_container.disarm();
        drop_cgroup.disarm();
    }

    pid_t container_pid() const { return container_.pid; }

    void run() {
        const auto io = std::make_unique<MonitorIo>(std::move(stdio_), log_.get());
        if (job_.first_client) io->add_client(std::move(job_.first_client), std::move(job_.outlets));
        rootless::CgroupWatch oom(job_.cgroup);
        if (oom.fd() >= 0) io->watch(oom.fd(), EPOLLPRI, [&](std::uint32_t) { (void)oom.oom_kills(); });
        io->watch(signals_.get(), EPOLLIN, [&](std::uint32_t) { answer_signals(); });
        io->watch(patience_.get(), EPOLLIN, [&](std::uint32_t) {
            io->unwatch(patience_.get());
            sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
        });
        if (job_.record->timeout > 0) {
            start_timer(lifetime_.get(), job_.record->timeout);
            io->watch(lifetime_.get(), EPOLLIN, [&](std::uint32_t) {
                io->unwatch(lifetime_.get());
                sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
            });
        }
        if (job_.notify) io->watch(job_.notify.fd(), EPOLLIN, [&](std::uint32_t) { job_.notify.relay(); });
        io->watch(container_.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
            io->unwatch(container_.pidfd.get());
            record_end(oom);
            io->finish(state_.exit_code);
        });
        const auto net = net_pid_ > 0 ? sys::pidfd_open(net_pid_) : std::nullopt;
        if (net)
            io->watch(net->get(), EPOLLIN, [&](std::uint32_t) {
                io->unwatch(net->get());
                record_net_end();
            });
        if (io->run() == MonitorIo::RunEnd::stalled) leave_rest(*io);
        if (net_pid_ > 0) sys::wait_child(net_pid_); // its ports are free when we say that we are done
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

    /// SIGTERM comes from systemd, when the machine goes down or the session ends: it is answered as `ctl stop` would do it,
    /// so that a container that ignores the signal neither delays that nor ends without an exit record.
    void answer_signals() {
        struct signalfd_siginfo info {};
        while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo != SIGTERM) continue;
            sys::pidfd_send_signal(container_.pidfd.get(), job_.record->stop_signal);
            start_timer(patience_.get(), job_.record->stop_timeout);
        }
    }

    /// A timer that cannot be had has run out.
    void start_timer(int fd, std::int64_t seconds) {
        struct itimerspec time {};
        time.it_value = {seconds, 1}; // all zero would mean never
        if (::timerfd_settime(fd, 0, &time, nullptr) != 0) sys::pidfd_send_signal(container_.pidfd.get(), SIGKILL);
    }

    /// --pidfile and --conmon-pidfile.
    void write_pid_files() const {
        const auto write = [](const std::string& path, pid_t pid) {
            if (!path.empty()) files::write_atomic(AT_FDCWD, path, std::to_string(pid), 0644, files::Durability::none);
        };
        write(job_.record->pid_file, container_.pid);
        write(job_.record->monitor_pid_file, ::getpid());
    }

    void save_running() {
        state_.status = "running";
        state_.boot_id = job_.engine->paths.boot_id;
        state_.pid = container_.pid;
        state_.pid_start = find_process_start(container_.pid).value_or(0);
        state_.monitor_pid = ::getpid();
        state_.started = sys::realtime_ns();
        state_.cgroup = job_.cgroup;
        state_.ports = ports_;
        state_.runtime_dir = job_.engine->paths.runtime;
        job_.dir->save_state(state_);
    }

    /// The published ports are dead from here on, and `inspect` says why. At the container's end it is as it should be.
    void record_net_end() noexcept {
        if (state_.status != "running" || sys::wait_readable(container_.pidfd.get(), std::chrono::milliseconds(0))) return;
        state_.error = "the process that forwards the published ports ended; restart the container to have them back";
        try {
            job_.dir->save_state(state_);
        } catch (const Error&) {
            return; // a full disk, say; the container itself is not concerned
        }
    }

    void record_end(rootless::CgroupWatch& oom) {
        const int status = sys::wait_child(container_.pid);
        if (!job_.spec->makes_namespace("pid")) kill_leftovers(container_.mounts);
        state_.status = "exited";
        state_.pid = 0;
        state_.monitor_pid = 0;
        state_.finished = sys::realtime_ns();
        state_.exit_code = rootless::exit_code_of(status);
        state_.oom_killed = oom.oom_kills() > 0;
        remove_own_cgroup();
        try {
            job_.dir->save_state(state_);
            if (job_.record->auto_remove) remove_record();
        } catch (const Error&) {
            // A full disk, say. Readers find the process dead and no monitor, and report the container as ended.
        }
    }

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
    void leave_rest(MonitorIo& io) {
        const pid_t pid = ::fork();
        if (pid != 0) { // where there is no fork, the client loses the rest
            static_cast<void>(log_.release()); // the child's to finish
            return;
        }
        lock_.release();
        io.unwatch(signals_.get());
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        set_process_title(cat("ctl: rest of ", job_.record->name));
        while (io.run() == MonitorIo::RunEnd::stalled) {}
        ::_exit(0);
    }

    /// For those who wait on the lock: the exit code, readable even after the directory is gone.
    void leave_last_word() {
        const std::string text = std::to_string(state_.exit_code) + "\n";
        if (::ftruncate(lock_.fd(), 0) == 0 && ::pwrite(lock_.fd(), text.data(), text.size(), 0) < 0) return;
        lock_.release();
    }

    /// Out of everybody's sight before anybody hears that the container has ended; the unlinking comes after that.
    void remove_record() {
        unpublish_container(*job_.engine, *job_.dir, *job_.record);
        const storage::Store store(job_.engine->paths);
        storage::Volumes volumes(store);
        for (const std::string& name : job_.record->anonymous_volumes) volumes.remove(name);
    }

    void clean_up() {
        if (job_.record->auto_remove) empty_trash(*job_.engine);
    }

    MonitorJob& job_;
    FileLock lock_;
    UniqueFd signals_;
    UniqueFd patience_ = make_timer(); ///< runs from SIGTERM on
    UniqueFd lifetime_ = make_timer(); ///< --timeout
    std::vector<PortMapping> ports_ = resolved_ports(job_);
    rootless::Launched container_;
    std::unique_ptr<OutputLog> log_; ///< none with some drivers
    ContainerStdio stdio_;
    ContainerState state_;
    pid_t net_pid_ = -1;

    static std::vector<PortMapping> resolved_ports(const MonitorJob& job) {
        std::vector<PortMapping> ports;
        for (const Listener& listener : job.listeners) ports.push_back(listener.resolved);
        return ports;
    }
};

void send_report(int fd, const StartReport& report) noexcept {
    const int head[2] = {report.pid, report.exit_code};
    ssize_t ignored = ::write(fd, head, sizeof head);
    ignored = ::write(fd, report.error.data(), report.error.size());
    (void)ignored; // the command is gone: nobody to tell
}

StartReport receive_report(int fd) {
    const std::string text = sys::read_to_end(fd, 1 << 16, "start report");
    int head[2] = {0, exit_code::engine_error};
    if (text.size() < sizeof head) return {0, 0, exit_code::engine_error, "the monitor ended before the container started"};
    text.copy(reinterpret_cast<char*>(head), sizeof head);
    return {head[0], 0, head[1], text.substr(sizeof head)};
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
        ContainerState state = job.dir->load_state();
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
        send_report(job.report.get(), {monitor.container_pid(), ::getpid(), 0, {}});
        job.report.reset();
        monitor.run();
    } catch (const Error& e) {
        if (job.report) send_report(job.report.get(), {0, 0, e.exit_code, e.what()});
        ::_exit(e.exit_code);
    } catch (const std::exception& e) {
        if (job.report) send_report(job.report.get(), {0, 0, exit_code::engine_error, e.what()});
        ::_exit(exit_code::engine_error);
    }
    ::_exit(0);
}

} // namespace

StartReport start_monitor(MonitorJob& job, UniqueFd report_read) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the monitor"};
    if (pid == 0) monitor_main(job);
    job.report.reset();
    job.first_client.reset();
    job.outlets = {};
    job.input = {};
    job.passed_stdio = {};
    job.listeners.clear();
    StartReport outcome = receive_report(report_read.get());
    outcome.monitor_pid = pid;
    return outcome;
}

} // namespace lib
