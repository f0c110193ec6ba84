// See lib/held_up.h.
#include "lib/held_up.h"

#include "lib/state_watch.h"

#include <algorithm>

namespace lib {
namespace {

using Finder = std::function<std::optional<ProcessInfo>(pid_t)>;

std::string named(pid_t pid, const Finder& find) {
    const auto process = find(pid);
    return process ? cat(pid, " (", process->name, ")") : std::to_string(pid);
}

std::string named(const ProcessInfo& process) { return cat("process ", process.pid, " (", process.name, ")"); }

bool has_ended(const ProcessInfo& process) { return process.state == 'Z' || process.state == 'X'; }

std::string explain_one(const ProcessInfo& process, const Finder& find) {
    if (process.tracer != 0) {
        const std::string tracer = named(process.tracer, find);
        return cat(named(process), " is held by ", tracer, ", which traces it: end that process");
    }
    if (has_ended(process))
        return cat(named(process), " ended, but its parent ", named(process.parent, find), " does not reap it: end that parent");
    if (process.state == 'D')
        return cat(named(process), " is in uninterruptible sleep (D): the device or file system that it waits for has to answer, or to go");
    return cat(named(process), " does not end (state ", process.state, ")");
}

Error monitor_is_silent(const ContainerRecord& record, const ContainerDir& dir) {
    const auto holder = dir.find_monitor_pid();
    const auto monitor = holder ? find_process(*holder) : std::nullopt;
    if (!monitor) return Error("container ", record.name, " has ended, but its monitor does not act on it");
    const bool stopped = monitor->state == 'T' || monitor->state == 't';
    return Error("container ", record.name, " has ended, but its monitor, ", named(*monitor), ", does not act on it (state ",
                 monitor->state, "): ", stopped ? "let it go on with kill -CONT " : "end it with kill -KILL ", monitor->pid);
}

} // namespace

std::string explain_survivor(const std::vector<ProcessInfo>& others, pid_t first, const Finder& find) {
    const auto is_inside = [&](pid_t pid) { return std::ranges::find(others, pid, &ProcessInfo::pid) != others.end(); };
    // What ended and has its parent inside is reaped by the first process, once that parent is gone as well.
    const std::function<bool(const ProcessInfo&)> causes[] = {
        [](const ProcessInfo& process) { return process.tracer != 0; },
        [&](const ProcessInfo& process) { return process.pid != first && has_ended(process) && !is_inside(process.parent); },
        [](const ProcessInfo& process) { return process.state == 'D'; },
        [&](const ProcessInfo& process) { return process.pid != first && !has_ended(process); },
        [&](const ProcessInfo& process) { return process.pid == first; },
    };
    for (const auto& cause : causes)
        if (const auto found = std::ranges::find_if(others, cause); found != others.end()) return explain_one(*found, find);
    return cat("process ", first, " does not end");
}

Error cannot_be_ended(const ContainerRecord& record, const ContainerState& state) {
    return Error("container ", record.name, " got SIGKILL and did not end: ",
                 explain_survivor(processes_below(state.pid), state.pid, find_process));
}

void wait_for_monitor_until(const ContainerDir& dir, const ContainerRecord& record, const std::function<bool()>& is_done) {
    if (is_done()) return; // the usual case, without the price of a watch
    const auto deadline = std::chrono::steady_clock::now() + patience_after_kill;
    const StateWatch watch(dir);
    const auto monitor = dir.find_monitor();
    while (!is_done()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) throw monitor_is_silent(record, dir);
        watch.wait(left, monitor ? monitor->get() : -1);
    }
}

} // namespace lib
