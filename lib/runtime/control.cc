// See lib/runtime/control.h.
#include "lib/runtime/control.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/processes.h"
#include "lib/runtime/hooks.h"
#include "lib/runtime/places.h"

#include <nlohmann/json.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <sstream>

namespace lib::runtime {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Pids in a cgroup and all below it.
void collect(const std::string& directory, std::vector<pid_t>& pids) {
    std::istringstream text(files::find(directory + "/cgroup.procs").value_or(""));
    for (pid_t pid = 0; text >> pid;) pids.push_back(pid);
    for (const std::string& name : files::list(AT_FDCWD, directory)) {
        const auto found = sys::find_stat_at(AT_FDCWD, directory + "/" + name);
        if (found && S_ISDIR(found->st_mode)) collect(directory + "/" + name, pids);
    }
}

std::vector<pid_t> processes_of(const StateDir& dir, const State& state) {
    std::vector<pid_t> pids;
    if (state.cgroup.manager != rootless::CgroupManager::none && !state.cgroup.base.empty()) {
        collect(state.cgroup.directory(), pids);
    } else if (status_of(dir, state) != Status::stopped) {
        for (const auto& found : {processes_below(state.pid), processes_inside(state.pid)}) // an exec may be in one of the two alone
            for (const ProcessInfo& process : found) pids.push_back(process.pid);
    }
    std::ranges::sort(pids);
    pids.erase(std::ranges::unique(pids).begin(), pids.end());
    return pids;
}

void kill_everything(const StateDir& dir, const State& state, int signal) {
    if (signal == SIGKILL && rootless::kill_all(state.cgroup)) return;
    // Without a cgroup the container's first process goes first: what it leaves in its pid namespace ends with it.
    for (const pid_t pid : processes_of(dir, state))
        if (::kill(pid, signal) != 0 && errno != ESRCH) throw SysError{errno, cat("send a signal to process ", pid)};
}

/// Those of the document; none where it is damaged and everything is to go all the same.
oci::Hooks load_hooks(const Runtime& runtime, const StateDir& dir, bool force) {
    try {
        return sys::find_stat_at(dir.fd(), "config.json") ? dir.load_spec().hooks : oci::Hooks{};
    } catch (const Error& e) {
        if (!force) throw;
        runtime.warn(cat("no poststop hooks are run: ", e.what()));
        return {};
    }
}

/// Until the kernel has let go of it.
void await_end(const State& state) {
    const UniqueFd process = open_process(state);
    if (!process) return;
    sys::pidfd_send_signal(process.get(), SIGKILL);
    if (!sys::wait_readable(process.get(), 10s)) throw Error("process ", state.pid, " of container \"", state.id, "\" does not end");
}

/// Empty when the directory has gone before the lock was ours.
std::optional<FileLock> find_lock(const Runtime& runtime, const StateDir& dir, const std::string& id) {
    try {
        FileLock lock = dir.lock();
        const auto found = sys::find_stat_at(AT_FDCWD, dir.path());
        if (found && found->st_ino == sys::fstat(dir.fd(), dir.path()).st_ino) return lock;
    } catch (const Error&) {
        if (StateDir::exists(runtime.root, id)) throw;
    }
    return std::nullopt;
}

/// Kills the process of a container that is being made; its maker undoes the rest.
void end_creation(const StateDir& dir) {
    try {
        const State state = dir.load();
        if (status_of(dir, state) == Status::creating) await_end(state);
    } catch (const Error&) { // looked at again under the lock
    }
}

void require_cgroup(const State& state) {
    if (state.cgroup.manager == rootless::CgroupManager::none || state.cgroup.base.empty())
        throw Error("container \"", state.id, "\" has no cgroup of its own: none could be made for it, for the caller's is not the caller's to divide");
}

std::uint64_t number_in(const State& state, const char* file) {
    std::istringstream text(files::find(cat(state.cgroup.directory(), "/", file)).value_or(""));
    std::uint64_t value = 0; // "max" stays that
    text >> value;
    return value;
}

std::uint64_t value_of(const std::string& text, std::string_view key) {
    std::istringstream lines(text);
    std::string name;
    for (std::uint64_t value = 0; lines >> name >> value;)
        if (name == key) return value;
    return 0;
}

json cpu_json(const State& state) {
    const std::string text = files::find(state.cgroup.directory() + "/cpu.stat").value_or("");
    constexpr std::uint64_t ns = 1000; // of a microsecond
    return {{"usage", {{"total", value_of(text, "usage_usec") * ns}, {"kernel", value_of(text, "system_usec") * ns}, {"user", value_of(text, "user_usec") * ns}}},
            {"throttling", {{"periods", value_of(text, "nr_periods")}, {"throttledPeriods", value_of(text, "nr_throttled")}, {"throttledTime", value_of(text, "throttled_usec") * ns}}}};
}

json memory_json(const State& state) {
    const auto entry = [&](const char* usage, const char* limit) {
        return json{{"usage", number_in(state, usage)}, {"limit", number_in(state, limit)}};
    };
    json raw = json::object();
    std::istringstream lines(files::find(state.cgroup.directory() + "/memory.stat").value_or(""));
    std::string name;
    for (std::uint64_t value = 0; lines >> name >> value;) raw[name] = value;
    return {{"usage", entry("memory.current", "memory.max")}, {"swap", entry("memory.swap.current", "memory.swap.max")},
            {"cache", raw.value("file", std::uint64_t{0})}, {"raw", raw}};
}

} // namespace

void kill(const Runtime& runtime, const std::string& id, int signal, bool all) {
    const StateDir dir = StateDir::open(runtime.root, id);
    const State state = dir.load();
    if (all) return kill_everything(dir, state, signal);
    const UniqueFd process = open_process(state);
    if (!process || !sys::pidfd_send_signal(process.get(), signal)) throw Error("container \"", id, "\" not running: it has stopped");
    // A frozen process would not notice.
    if (signal == SIGKILL && rootless::is_frozen(state.cgroup)) rootless::thaw(state.cgroup);
}

void remove(const Runtime& runtime, const std::string& id, bool force) {
    if (force && !StateDir::exists(runtime.root, id)) return;
    const StateDir dir = StateDir::open(runtime.root, id);
    if (force) end_creation(dir); // whose hooks may take long
    const auto lock = find_lock(runtime, dir, id);
    if (!lock) { // somebody else has deleted it meanwhile
        if (force) return;
        throw Error("container \"", id, "\" does not exist");
    }
    State state;
    try {
        state = dir.load();
    } catch (const Error&) {
        if (!force) throw;
    }
    const Status status = status_of(dir, state, LockHolder::caller);
    if (status != Status::stopped && !force) throw Error("container \"", id, "\" is not stopped: it is ", status_name(status), "; kill it first, or use --force");
    if (status == Status::paused) rootless::thaw(state.cgroup);
    await_end(state);
    rootless::remove_cgroup(state.cgroup);
    const oci::Hooks hooks = load_hooks(runtime, dir, force);
    dir.remove();
    try_hooks(hooks.poststop, "poststop", state_text(state, Status::stopped), runtime.warn); // everything is gone before they run
}

void pause(const Runtime& runtime, const std::string& id) {
    const Listed found = find(runtime, id);
    if (found.status != Status::running && found.status != Status::created)
        throw Error("container \"", id, "\" cannot be paused: it is ", status_name(found.status));
    require_cgroup(found.state);
    rootless::freeze(found.state.cgroup);
}

void resume(const Runtime& runtime, const std::string& id) {
    const Listed found = find(runtime, id);
    if (found.status != Status::paused) throw Error("container \"", id, "\" cannot be resumed: it is ", status_name(found.status), ", not paused");
    rootless::thaw(found.state.cgroup);
}

void update(const Runtime& runtime, const std::string& id, const oci::Resources& resources) {
    const StateDir dir = StateDir::open(runtime.root, id);
    const FileLock lock = dir.lock();
    const State state = dir.load();
    if (const Status status = status_of(dir, state); status == Status::stopped) throw Error("container \"", id, "\" cannot be updated: it has stopped");
    require_cgroup(state);
    rootless::change_limits(state.cgroup, limits_of_document(resources));
    if (!resources.devices.empty()) filter_devices(state.cgroup, resources);
}

std::vector<Listed> list(const Runtime& runtime) {
    std::vector<Listed> found;
    for (const std::string& id : StateDir::list(runtime.root)) {
        try {
            found.push_back(find(runtime, id));
        } catch (const Error& e) { // removed meanwhile, or damaged: the others are shown
            runtime.warn(e.what());
        }
    }
    return found;
}

Listed find(const Runtime& runtime, const std::string& id) {
    const StateDir dir = StateDir::open(runtime.root, id);
    State state = dir.load();
    const Status status = status_of(dir, state);
    return {std::move(state), status};
}

std::vector<pid_t> processes(const Runtime& runtime, const std::string& id) {
    const StateDir dir = StateDir::open(runtime.root, id);
    return processes_of(dir, dir.load());
}

json stats_event(const Runtime& runtime, const std::string& id) {
    const Listed found = find(runtime, id);
    if (found.status == Status::stopped) throw Error("container \"", id, "\" not running: it has stopped");
    require_cgroup(found.state);
    json pids{{"current", number_in(found.state, "pids.current")}};
    if (const std::uint64_t limit = number_in(found.state, "pids.max"); limit != 0) pids["limit"] = limit;
    return {{"type", "stats"}, {"id", id}, {"data", {{"cpu", cpu_json(found.state)}, {"memory", memory_json(found.state)}, {"pids", pids}}}};
}

std::int64_t oom_kills(const State& state) { return rootless::CgroupWatch(state.cgroup).oom_kills(); }

} // namespace lib::runtime
