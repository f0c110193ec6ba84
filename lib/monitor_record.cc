// See lib/monitor_record.h.
#include "lib/monitor_record.h"

#include "base/files.h"
#include "base/sys.h"
#include "lib/events.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace lib {

MonitorRecord::MonitorRecord(Engine& engine, const ContainerDir& dir, const ContainerRecord& record)
    : engine_(engine), dir_(dir), record_(record) {}

void MonitorRecord::starting(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports) {
    take_process(pid, cgroup, ports);
    state_.status = "starting";
    if (state_.started == 0) state_.started = sys::realtime_ns();
    dir_.save_state(state_);
}

void MonitorRecord::initialized(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports,
                                const ContainerState& before) {
    take_process(pid, cgroup, ports);
    state_.status = "initialized";
    state_.started = before.started;
    state_.finished = before.finished;
    state_.exit_code = before.exit_code;
    write_pid_files(pid);
    dir_.save_state(state_);
}

void MonitorRecord::take_process(pid_t pid, const rootless::CgroupPlan& cgroup, const std::vector<PortMapping>& ports) {
    state_.boot_id = engine_.paths.boot_id;
    state_.pid = pid;
    state_.pid_start = find_process_start(pid).value_or(0);
    state_.monitor_pid = ::getpid();
    state_.cgroup = cgroup;
    state_.error.clear();
    state_.network_restarts = 0;
    state_.ports = ports;
    state_.runtime_dir = engine_.paths.sockets;
}

void MonitorRecord::not_begun(const Error& why) noexcept {
    state_.status = state_.started == 0 ? "created" : "exited";
    state_.error = why.what();
    state_.exit_code = why.exit_code;
    state_.pid = state_.monitor_pid = 0;
    save_quietly();
}

void MonitorRecord::running(pid_t pid, std::uint32_t leftovers) {
    write_pid_files(pid);
    state_.status = "running";
    state_.mount_namespace = leftovers;
    state_.started = sys::realtime_ns();
    state_.finished = 0;
    dir_.save_state(state_);
}

void MonitorRecord::write_pid_files(pid_t pid) const {
    const auto write = [](const std::string& path, pid_t number) {
        if (!path.empty()) files::write_atomic(AT_FDCWD, path, std::to_string(number), 0644, files::Durability::none);
    };
    write(record_.pid_file, pid);
    write(record_.monitor_pid_file, ::getpid());
}

void MonitorRecord::run_ended(int exit_code, bool oom_killed) noexcept {
    state_.pid = 0;
    state_.exit_code = exit_code;
    state_.oom_killed = oom_killed;
    state_.finished = sys::realtime_ns();
    Event died = container_event(current_record(), "died");
    died.exit_code = exit_code;
    record_event(engine_.paths, std::move(died));
}

void MonitorRecord::run_failed(const Error& why) noexcept {
    state_.pid = 0;
    state_.error = cat("could not be started again: ", why.what());
    state_.exit_code = why.exit_code;
    state_.finished = sys::realtime_ns();
}

void MonitorRecord::resting(int restart_count) noexcept {
    state_.status = "restarting";
    state_.restart_count = restart_count;
    save_quietly();
}

void MonitorRecord::over() noexcept {
    state_.status = "exited";
    state_.monitor_pid = 0;
    save_quietly();
    note("cleanup");
    if (record_.auto_remove) remove();
}

void MonitorRecord::network_ended(const std::string& why) noexcept {
    state_.error = cat("it has no network and no published ports any more, restart it to have them back; of the process that was them: ", why);
    save_quietly();
}

void MonitorRecord::network_restarted() noexcept {
    ++state_.network_restarts;
    save_quietly();
}

void MonitorRecord::network_failed(const std::string& why) noexcept {
    state_.error = cat("its network has no way out: ", why);
    save_quietly();
}

std::string MonitorRecord::files_lost(const std::string& why) {
    state_.error = cat("it was killed because its files were gone: the process that shows them (ctl-fuse) ", why);
    save_quietly();
    return state_.error;
}

void MonitorRecord::files_cut_short(const std::string& why) noexcept {
    if (state_.error.empty()) state_.error = cat("the process that shows its files (ctl-fuse) ", why); // that it was lost before says more
    save_quietly();
}

void MonitorRecord::log_failed(int error) noexcept {
    state_.error = cat("its output could not be written to the log and is missing there: ", std::generic_category().message(error));
    save_quietly();
}

void MonitorRecord::moved(const rootless::CgroupPlan& cgroup) {
    state_.cgroup = cgroup;
    dir_.save_state(state_);
}

void MonitorRecord::publishes(const std::vector<PortMapping>& ports) {
    state_.ports = ports;
    dir_.save_state(state_);
}

void MonitorRecord::limits_failed(const Error& why) noexcept {
    state_.error = cat("its limits were changed, and restarts know nothing of it: ", why.what());
    save_quietly();
}

/// On a full disk, say. Readers find the process dead and no monitor, and report the container as ended.
void MonitorRecord::save_quietly() noexcept {
    try {
        dir_.save_state(state_);
    } catch (const Error&) {
        return;
    }
}

/// As it is now: a container may have been renamed. Then its old name does not lead to it any more.
const ContainerRecord& MonitorRecord::current_record() noexcept {
    try {
        const auto target = sys::find_link_at(AT_FDCWD, engine_.paths.data + "/names/" + record_.name);
        if (!target || !target->ends_with(record_.id)) record_ = dir_.load_record();
    } catch (const Error&) {
        return record_;
    }
    return record_;
}

std::optional<RestartPolicy> MonitorRecord::find_restart_policy() const noexcept {
    try {
        return parse_restart_policy(dir_.load_record().restart_policy);
    } catch (const Error&) {
        return std::nullopt;
    }
}

void MonitorRecord::note(const char* event) noexcept { record_container_event(engine_.paths, current_record(), event); }

void MonitorRecord::remove() noexcept {
    try {
        const ContainerRecord& record = current_record();
        unpublish_container(engine_, dir_, record);
        record_container_event(engine_.paths, record, "remove");
        remove_anonymous_volumes(engine_, record);
    } catch (const Error&) {
        return; // a read-only disk, say: `ctl rm` gets another chance
    }
}

void MonitorRecord::leave_last_word(FileLock& lock) const noexcept {
    const std::string text = std::to_string(state_.exit_code) + "\n";
    if (::ftruncate(lock.fd(), 0) == 0 && ::pwrite(lock.fd(), text.data(), text.size(), 0) < 0) return;
    lock.release();
}

void record_failed_start(const ContainerDir& dir, ContainerState before, const std::string& why) noexcept {
    try {
        before.status = before.started == 0 ? "created" : "exited";
        before.error = why;
        dir.save_state(before);
    } catch (const Error&) {
        return; // the command prints the reason anyway
    }
}

} // namespace lib
