// wait; see lib/wait.h. Waiting for the end costs nothing: the monitor's lock wakes us. The other states are watched by
// inotify on state.json.
#include "lib/wait.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/state_watch.h"

#include <algorithm>

namespace lib {
namespace {

constexpr std::string_view known[] = {"configured", "created", "exited", "initialized", "paused",
                                      "removing", "running", "stopped", "stopping", "unknown"};

constexpr int no_exit_code = -1;

bool is_end(const std::string& condition) { return condition == "stopped" || condition == "exited"; }

/// Podman's name of a state.
std::string condition_of(const std::string& status) {
    if (status == "starting") return "initialized";
    if (status == "restarting") return "exited";
    return status;
}

bool holds(const std::string& condition, const std::string& status) {
    const std::string now = condition_of(status);
    return condition == now || (condition == "stopped" && now == "exited") || (condition == "configured" && now == "created");
}

/// Until it has ended for good.
int wait_for_end(const ContainerDir& dir) {
    if (const auto code = dir.wait_for_monitor()) return *code;
    constexpr std::chrono::milliseconds for_ever(-1);
    if (const auto process = find_container_process(dir.load_state())) (void)sys::wait_readable(process->get(), for_ever);
    return dir.load_state().exit_code;
}

int wait_for_conditions(const Engine& engine, const ContainerDir& dir, const std::vector<std::string>& conditions,
                        std::chrono::milliseconds interval) {
    const StateWatch watch(dir);
    ContainerState state;
    int first_pid = 0;
    for (;;) {
        const bool is_there = ContainerDir::find(engine, dir.id()).has_value();
        if (is_there) state = dir.load_state();
        if (first_pid == 0) first_pid = state.pid;
        // The end itself may be missed: a pause between two runs is short, and we may have been slow.
        const bool is_another_run = state.pid != 0 && state.pid != first_pid;
        if (is_another_run && std::ranges::any_of(conditions, is_end)) return state.exit_code;
        for (const std::string& condition : conditions) {
            if (is_end(condition) && (!is_there || holds(condition, state.status))) return state.exit_code;
            if (is_there ? holds(condition, state.status) : condition == "removing") return no_exit_code;
        }
        if (!is_there) throw Error("container ", dir.id().substr(0, 12), " was removed before it was what was waited for");
        watch.wait(interval);
    }
}

} // namespace

void check_wait_conditions(const std::vector<std::string>& conditions) {
    for (const std::string& condition : conditions) {
        if (condition == "healthy" || condition == "unhealthy")
            throw Error("wait: --condition=", condition, " is not supported yet: there are no health checks");
        if (std::ranges::find(known, condition) == std::end(known))
            throw Error("wait: --condition=", condition, ": known are configured, created, exited, initialized, paused, removing, "
                        "running, stopped, stopping and unknown");
    }
}

int wait_container(const Engine& engine, const std::string& id_or_name, const WaitOptions& options) {
    check_wait_conditions(options.conditions);
    const auto dir = ContainerDir::find_named(engine, id_or_name);
    if (!dir && options.ignore) return no_exit_code;
    if (!dir) throw no_such_container(id_or_name);
    const bool for_end = std::ranges::all_of(options.conditions, is_end);
    // One that is started again and again ends with each run, as Podman sees it; its monitor stays.
    if (for_end && dir->load_record().restart_policy.empty()) return wait_for_end(*dir);
    const std::vector<std::string> ends{"stopped"};
    return wait_for_conditions(engine, *dir, options.conditions.empty() ? ends : options.conditions, options.interval);
}

} // namespace lib
