// pause and unpause; see lib/pause.h.
#include "lib/pause.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/events.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cctype>
#include <functional>
#include <sstream>

namespace lib {
namespace {

using namespace std::chrono_literals;

bool has_cgroup(const ContainerState& state) {
    return state.cgroup.manager != rootless::CgroupManager::none && !state.cgroup.base.empty();
}

/// Which pid namespace a process is in, empty when that cannot be told.
std::string pid_namespace(const std::string& pid) {
    try {
        return sys::find_link_at(AT_FDCWD, cat("/proc/", pid, "/ns/pid")).value_or("");
    } catch (const SysError&) {
        return {}; // gone, or another user's
    }
}

/// 'T' for one that is stopped; '\0' for none.
char process_state(const std::string& pid) {
    std::string text;
    try {
        text = files::find(cat("/proc/", pid, "/stat")).value_or("");
    } catch (const SysError&) {
        return '\0';
    }
    const auto paren = text.rfind(") "); // the command name may contain anything
    return paren == std::string::npos || paren + 2 >= text.size() ? '\0' : text[paren + 2];
}

/// It does not run: stopped, or at its end.
bool has_stopped(const std::string& pid) {
    const char state = process_state(pid);
    return state == 'T' || state == 't' || state == 'Z' || state == 'X' || state == '\0';
}

/// Calls `act` with each process of the container but the first.
void for_each_other(const ContainerState& state, const std::string& space, const std::function<void(const std::string& pid)>& act) {
    for (const std::string& pid : files::list(AT_FDCWD, "/proc")) {
        if (!std::ranges::all_of(pid, [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
        if (std::stoi(pid) != state.pid && pid_namespace(pid) == space) act(pid);
    }
}

/// Sends a signal to a process of that namespace and no other.
void signal_process(const std::string& pid, const std::string& space, int signal) {
    const auto process = sys::pidfd_open(std::stoi(pid));
    if (process && pid_namespace(pid) == space) sys::pidfd_send_signal(process->get(), signal);
}

/// The namespace that is the container's alone; the `--init` process shows its own to nobody, its children do.
std::string own_namespace(const ContainerState& state, const std::string& name) {
    std::string space = pid_namespace(std::to_string(state.pid));
    if (space.empty()) {
        std::istringstream children(files::find(cat("/proc/", state.pid, "/task/", state.pid, "/children")).value_or(""));
        std::string child;
        if (children >> child) space = pid_namespace(child);
    }
    if (space.empty() || space == pid_namespace("self"))
        throw Error("container ", name, " has neither a control group nor a pid namespace of its own: it cannot be paused");
    return space;
}

void stop_processes(const ContainerState& state, const std::string& name) {
    const auto first = find_container_process(state);
    if (!first) throw Error("container ", name, " has ended");
    const std::string space = own_namespace(state, name);
    sys::pidfd_send_signal(first->get(), SIGSTOP); // before the others: it is what tells that the container is paused
    constexpr int most_rounds = 100;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (int round = 0; round < most_rounds; ++round) {
        bool all_stopped = true;
        for_each_other(state, space, [&](const std::string& pid) {
            if (has_stopped(pid)) return;
            all_stopped = false;
            signal_process(pid, space, SIGSTOP);
        });
        if (all_stopped && has_stopped(std::to_string(state.pid))) return;
        if (all_stopped) { // it has the signal, but has not come to it yet
            --round;
            sys::sleep_for(1ms);
        }
        if (std::chrono::steady_clock::now() > deadline) break;
    }
    resume_processes(state, name);
    throw Error("container ", name, " makes processes faster than they can be stopped: it cannot be paused without a control group");
}

ContainerState load_paused(const ContainerDir& dir, const ContainerRecord& record, const char* wanted) {
    ContainerState state = dir.load_state();
    if (state.status != wanted)
        throw Error("container ", record.name, " is not ", wanted, " (", state.status, ")");
    return state;
}

Outcomes for_each_name(const std::vector<std::string>& names, const std::function<void(const std::string&)>& act) {
    Outcomes outcomes(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            act(names[i]);
        } catch (const Error& e) {
            outcomes[i] = e;
        }
    }
    return outcomes;
}

} // namespace

void resume_processes(const ContainerState& state, const std::string& name) {
    if (rootless::is_frozen(state.cgroup)) {
        rootless::thaw(state.cgroup);
        return;
    }
    const auto first = find_container_process(state);
    if (!first) throw Error("container ", name, " has ended");
    const std::string space = own_namespace(state, name);
    for_each_other(state, space, [&](const std::string& pid) {
        if (process_state(pid) == 'T') signal_process(pid, space, SIGCONT);
    });
    sys::pidfd_send_signal(first->get(), SIGCONT);
}

Outcomes pause_containers(Engine& engine, const std::vector<std::string>& names) {
    return for_each_name(names, [&](const std::string& name) {
        const ContainerDir dir = ContainerDir::open(engine, name);
        const ContainerRecord record = dir.load_record();
        const ContainerState state = load_paused(dir, record, "running");
        if (has_cgroup(state)) rootless::freeze(state.cgroup);
        else stop_processes(state, record.name);
        record_container_event(engine.paths, record, "pause");
    });
}

Outcomes unpause_containers(Engine& engine, const std::vector<std::string>& names) {
    return for_each_name(names, [&](const std::string& name) {
        const ContainerDir dir = ContainerDir::open(engine, name);
        const ContainerRecord record = dir.load_record();
        resume_processes(load_paused(dir, record, "paused"), record.name);
        record_container_event(engine.paths, record, "unpause");
    });
}

} // namespace lib
