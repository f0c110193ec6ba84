// stop and kill: telling containers to end.
//
// Several are stopped at the same time by this one process: every stop signal is sent first, then one poll(2) waits for all
// of them, each with a deadline of its own. Nobody is waited for without end: ten seconds after SIGKILL what holds a container
// up is told instead (lib/held_up.h).
#include "lib/container_store.h"
#include "lib/events.h"
#include "lib/held_up.h"
#include "lib/leftovers.h"
#include "lib/other_runtime/call.h"
#include "lib/pause.h"
#include "lib/signal_name.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace lib {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds deaf_interval{50};

/// Whether a signal means anything to the process: the kernel drops signals to a pid 1 that neither handles nor blocks
/// (to wait for) them, so waiting for such a one to act on SIGTERM is waiting in vain.
bool has_handler(int pid, int signal) {
    std::istringstream lines(files::find(cat("/proc/", pid, "/status")).value_or(""));
    bool found = false;
    unsigned long long meant = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("SigCgt:") && !line.starts_with("SigBlk:")) continue;
        meant |= std::stoull(line.substr(7), nullptr, 16);
        found = true;
    }
    return !found || (meant >> (signal - 1) & 1) != 0; // what cannot be told is taken for a yes
}

void kill_everything(const ContainerState& state, int pidfd) {
    sys::pidfd_send_signal(pidfd, SIGKILL); // pid 1 takes its whole pid namespace along
    if (state.cgroup.manager != rootless::CgroupManager::none) (void)rootless::kill_all(state.cgroup);
}

/// Asks the monitor not to start the container again, which must be known before it ends.
void forbid_restart(const ContainerDir& dir, const ContainerRecord& record) {
    if (record.restart_policy.empty()) return;
    if (const auto monitor = dir.find_monitor()) sys::pidfd_send_signal(monitor->get(), SIGUSR1);
}

milliseconds time_until(Clock::time_point deadline) {
    return std::chrono::ceil<milliseconds>(std::max(deadline - Clock::now(), Clock::duration(0)));
}

bool is_settled(const ContainerDir& dir) {
    const ContainerState state = dir.load_state();
    return state.status == "exited" || state.status == "created" || find_container_process(state) || !dir.has_monitor();
}

/// For a container without a process: until its end is on record, or it has a process again. Its monitor may stay a little
/// longer than that, for clients that are slow to take the last output.
void wait_until_settled(const ContainerDir& dir, const ContainerRecord& record) {
    wait_for_monitor_until(dir, record, [&] { return is_settled(dir); });
}

/// One container on its way to its end.
class Stopping {
public:
    Stopping(const Engine& engine, ContainerDir dir, const StopOptions& options, const Notice& notice)
        : paths_(engine.paths), dir_(std::move(dir)), record_(dir_.load_record()), notice_(notice) {
        patience_ = options.timeout.value_or(std::chrono::seconds(record_.stop_timeout));
        look();
        was_up_ = process_.has_value();
        if (process_) send();
    }

    bool has_ended() const { return ended_; }
    int fd() const { return process_ ? process_->get() : -1; }
    /// When to look again at the latest.
    std::optional<Clock::time_point> deadline() const { return deaf_until_ ? std::min(*deaf_until_, *deadline_) : deadline_; }

    void process_ended() {
        deadline_.reset();
        deaf_until_.reset();
        look();
        if (process_) send(); // it was being started again
        else if (was_up_) record_container_event(paths_, record_, "stop");
    }

    void deadline_passed() {
        if (deaf_until_ && Clock::now() < *deadline_) return send_again();
        deaf_until_.reset();
        if (killed_) throw cannot_be_ended(record_, state_);
        kill_everything(state_, process_->get());
        killed_ = true;
        deadline_ = Clock::now() + patience_after_kill;
    }

private:
    /// What there is to stop: a process; or only a monitor that was about to start it (again), and is told not to.
    void look() {
        for (;;) {
            state_ = dir_.load_state();
            process_ = find_container_process(state_);
            ended_ = state_.status == "created" || (state_.status == "exited" && !process_);
            if (ended_) return end_leftovers_of_lost(dir_, state_);
            forbid_restart(dir_, record_);
            if (process_) return;
            wait_until_settled(dir_, record_);
        }
    }

    void send() {
        if (state_.status == "initialized") { // there is no program yet to hear of it
            kill_everything(state_, process_->get());
            return;
        }
        const bool deaf = !record_.init && !has_handler(state_.pid, record_.stop_signal); // the init waits for signals
        ask_to_stop();
        if (state_.status == "paused" && patience_.count() > 0) resume_processes(state_, record_.name); // to act on it
        deadline_ = Clock::now() + patience_;
        if (deaf) deaf_until_ = Clock::now() + deaf_interval;
        killed_ = false;
    }

    /// Another runtime that cannot pass the signal on does not keep it from being killed when its time is over.
    void ask_to_stop() {
        if (!record_.runtime.empty() && patience_.count() == 0) return;
        try {
            (void)signal_container(record_, state_.runtime_dir, process_->get(), record_.stop_signal);
        } catch (const Error& e) {
            if (notice_) notice_(e.what());
        }
    }

    /// A program that has just been started may not have got round to its handlers.
    void send_again() {
        if (has_handler(state_.pid, record_.stop_signal)) {
            deaf_until_.reset();
            ask_to_stop();
            return;
        }
        deaf_until_ = Clock::now() + deaf_interval;
        if (++times_deaf_ == 10 && notice_)
            notice_(cat("container ", record_.name, " does not handle ", signal_name(record_.stop_signal), "; killing it after ",
                        std::chrono::duration_cast<std::chrono::seconds>(patience_).count(),
                        " s (an --init or another --stop-signal stops it at once)"));
    }

    const Paths& paths_;
    ContainerDir dir_;
    ContainerRecord record_;
    ContainerState state_;
    milliseconds patience_{0};
    std::optional<UniqueFd> process_;
    Notice notice_;
    std::optional<Clock::time_point> deadline_;
    std::optional<Clock::time_point> deaf_until_; ///< when to look whether it handles the stop signal by now
    bool was_up_ = false;
    int times_deaf_ = 0;
    bool killed_ = false; ///< it got SIGKILL from us
    bool ended_ = false;
};

/// Waits for the first of them to end, or for the first deadline, and acts on it.
void wait_for_some(std::vector<Stopping*>& all, const std::function<void(Stopping&, const Error&)>& on_error) {
    std::vector<pollfd> fds;
    int timeout = -1;
    for (const Stopping* one : all) {
        fds.push_back({one->fd(), POLLIN, 0});
        if (!one->deadline()) continue;
        const int left = static_cast<int>(time_until(*one->deadline()).count());
        timeout = timeout < 0 ? left : std::min(timeout, left);
    }
    if (::poll(fds.data(), fds.size(), timeout) < 0) {
        if (errno != EINTR) throw SysError{errno, "wait for containers to end"};
        return;
    }
    const auto then = Clock::now();
    for (std::size_t i = 0; i < all.size(); ++i) {
        try {
            if (fds[i].revents != 0) all[i]->process_ended();
            else if (all[i]->deadline() && *all[i]->deadline() <= then) all[i]->deadline_passed();
        } catch (const Error& e) {
            on_error(*all[i], e);
        }
    }
}

struct Killed {
    ContainerDir dir;
    ContainerRecord record;
    ContainerState state;
    UniqueFd process;
};

/// So that `ps` says what the user expects after a kill.
void wait_for_end(const Killed& killed, Clock::time_point deadline) {
    if (!sys::wait_readable(killed.process.get(), time_until(deadline))) throw cannot_be_ended(killed.record, killed.state);
    wait_until_settled(killed.dir, killed.record);
    end_leftovers_of_lost(killed.dir, killed.dir.load_state());
}

/// Nothing comes back where there is no process to wait for.
std::optional<Killed> send_signal(const Engine& engine, const std::string& name, int signal) {
    ContainerDir dir = ContainerDir::open(engine, name);
    ContainerRecord record = dir.load_record();
    ContainerState state = dir.load_state();
    auto process = find_container_process(state);
    if (state.status == "initialized") process.reset(); // it is there, but nobody to get signals
    const bool ends_it = signal == SIGKILL || signal == record.stop_signal;
    if (ends_it && (process || state.status == "restarting")) forbid_restart(dir, record);
    const bool sent = process ? signal_container(record, state.runtime_dir, process->get(), signal) : ends_it && state.status == "restarting";
    if (!sent) throw Error("container ", record.name, " is not running (", state.status, "): cannot send it a signal");
    Event event = container_event(record, "kill");
    event.attributes["signal"] = std::to_string(signal);
    record_event(engine.paths, std::move(event));
    if (!process) return std::nullopt;
    return Killed{std::move(dir), std::move(record), std::move(state), std::move(*process)};
}

} // namespace

Outcomes stop_containers(Engine& engine, const std::vector<std::string>& names, const StopOptions& options, const Notice& notice) {
    Outcomes outcomes(names.size());
    std::vector<std::optional<Stopping>> all(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            auto dir = ContainerDir::find_named(engine, names[i]);
            if (dir) all[i].emplace(engine, std::move(*dir), options, notice);
            else if (!options.ignore) outcomes[i] = no_such_container(names[i]);
        } catch (const Error& e) {
            outcomes[i] = e;
        }
    }
    for (;;) {
        std::vector<Stopping*> waiting;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i] && !outcomes[i] && !all[i]->has_ended()) waiting.push_back(&*all[i]);
        if (waiting.empty()) return outcomes;
        wait_for_some(waiting, [&](const Stopping& failed, const Error& e) {
            for (std::size_t i = 0; i < all.size(); ++i)
                if (all[i] && &*all[i] == &failed) outcomes[i] = e;
        });
    }
}

void stop_container(Engine& engine, const std::string& id_or_name, const StopOptions& options, const Notice& notice) {
    if (const auto error = stop_containers(engine, {id_or_name}, options, notice).front()) throw Error(*error);
}

Outcomes kill_containers(Engine& engine, const std::vector<std::string>& names, const std::string& signal) {
    const int number = parse_signal(signal);
    Outcomes outcomes(names.size());
    std::vector<std::optional<Killed>> all(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            all[i] = send_signal(engine, names[i], number);
        } catch (const Error& e) {
            outcomes[i] = e;
        }
    }
    if (number != SIGKILL) return outcomes;
    const auto deadline = Clock::now() + patience_after_kill;
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            if (all[i]) wait_for_end(*all[i], deadline);
        } catch (const Error& e) {
            outcomes[i] = e;
        }
    }
    return outcomes;
}

} // namespace lib
