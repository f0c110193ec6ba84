// What the monitor writes down of its container: state.json as the container goes through its states, the events, the files of
// --pidfile, and the last word in the lock file. One of these lives as long as the monitor.
#pragma once

#include "base/error.h"
#include "base/lock.h"
#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/restart_policy.h"

#include <sys/types.h>

#include <optional>
#include <vector>

namespace lib {

class MonitorRecord {
public:
    MonitorRecord(Engine& engine, const ContainerDir& dir, const ContainerRecord& record);

    const ContainerRecord& record() const noexcept { return record_; }
    /// As it is now: `ctl update` may have changed it. Nothing where it cannot be read.
    std::optional<RestartPolicy> find_restart_policy() const noexcept;
    int exit_code() const noexcept { return state_.exit_code; }

    // ---- one run, in this order

    /// Before the process may do anything: whatever happens to us from here on, others know of it. Throws SysError.
    void starting(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports);
    /// The same for one that is to wait before its program; what is known of the run before stays.
    void initialized(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports, const ContainerState& before);
    /// That one could not become its program: it is what it was before, and says why.
    void not_begun(const Error& why) noexcept;
    /// Its program was executed. Writes the files of --pidfile and --conmon-pidfile as well. Throws SysError.
    /// `leftovers`: the mount namespace whose processes may outlive that one, 0 where none can.
    void running(pid_t pid, std::uint32_t leftovers);
    /// Its first process has ended. What follows this writes it: resting() or over().
    void run_ended(int exit_code, bool oom_killed) noexcept;
    /// A run that is not the first could not be begun; as run_ended().
    void run_failed(const Error& why) noexcept;
    /// It will be started again.
    void resting(int restart_count) noexcept;
    /// For good. With --rm it is out of everybody's sight afterwards; the unlinking is left to others.
    void over() noexcept;

    // ---- what happens besides

    void stopped_by_user() noexcept { state_.stopped_by_user = true; }
    /// There is no network and no published port from here on, and `inspect` says why.
    void network_ended(const std::string& why) noexcept;
    /// The process that is the network has ended, and another one is there.
    void network_restarted() noexcept;
    /// Its files are gone with the process that showed them, and it is being ended.
    /// What it says of that.
    std::string files_lost(const std::string& why);
    /// The same at the container's end, which does not wait for ever: what it has written may not be all.
    void files_cut_short(const std::string& why) noexcept;
    /// What shows its files, for what follows.
    void shown_by(StorageDriver driver) noexcept { state_.driver = driver; }
    void network_failed(const std::string& why) noexcept;
    void log_failed(int error) noexcept;
    /// To a cgroup, while it runs. Throws SysError.
    void moved(const rootless::CgroupPlan& cgroup);
    /// Other ports, while it runs. Throws SysError.
    void publishes(const std::vector<PortMapping>& ports);
    void limits_failed(const Error& why) noexcept;
    void note(const char* event) noexcept;
    /// For those who wait on the monitor's lock: the exit code, readable even after the directory is gone.
    void leave_last_word(FileLock& lock) const noexcept;

private:
    void take_process(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports);
    void save_quietly() noexcept;
    void write_pid_files(pid_t pid) const;
    void remove() noexcept;
    const ContainerRecord& current_record() noexcept;

    Engine& engine_;
    const ContainerDir& dir_;
    ContainerRecord record_;
    ContainerState state_;
};

/// When not even the first run could be begun: `before` is what the container was until then.
void record_failed_start(const ContainerDir& dir, ContainerState before, const std::string& why) noexcept;

} // namespace lib
