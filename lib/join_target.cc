// See lib/join_target.h.
#include "lib/join_target.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <sstream>

namespace lib {

JoinTarget find_join_target(const ContainerRecord& record, const ContainerState& state) {
    auto first = find_container_process(state);
    if (state.status == "initialized") first.reset(); // still ours, closed to everybody
    if (!first) throw Error("container ", record.name, " is not running (", state.status, ")");
    const int first_pid = state.pid;
    if (!record.init) return {first_pid, std::move(*first)};
    std::istringstream children(files::find(cat("/proc/", first_pid, "/task/", first_pid, "/children")).value_or(""));
    pid_t child = 0;
    if (children >> child) {
        auto process = sys::pidfd_open(child);
        // Still its child after we got hold of it: the pid was not given to another process in between.
        const std::string parent = cat("\nPPid:\t", first_pid, "\n");
        const std::string status = files::find(cat("/proc/", child, "/status")).value_or("");
        if (process && status.find(parent) != std::string::npos) return {child, std::move(*process)};
    }
    throw Error("container ", record.name, " is ending");
}

} // namespace lib
