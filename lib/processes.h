// The processes of a running container, read from the host's /proc: what `top` shows and `stats` adds up. Nothing of the
// container is run or loaded for it.
#pragma once

#include "lib/container_store.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// One process, ids as the host sees them.
struct ProcessInfo {
    pid_t pid = 0;                    ///< the host's
    pid_t parent = 0;
    pid_t tracer = 0;                 ///< 0: none
    std::vector<pid_t> inner_pids;    ///< from the host's pid namespace to the process's own (NSpid)
    pid_t inner_group = 0;            ///< process group, in its own pid namespace
    std::string name;
    std::string command;              ///< arguments separated by blanks; "[name]" for what has none
    char state = '?';                 ///< as in /proc/PID/stat: Z has ended and was not reaped, D cannot be interrupted
    int tty = 0;                      ///< device number
    std::int64_t nice = 0;
    std::uint64_t user_ticks = 0;     ///< own
    std::uint64_t system_ticks = 0;
    std::uint64_t child_ticks = 0;    ///< of children that ended and were waited for
    std::uint64_t start_ticks = 0;    ///< since boot
    std::uint64_t virtual_size = 0;   ///< bytes
    std::uint64_t resident = 0;       ///< bytes
    std::uint64_t threads = 0;
    uid_t real_uid = 0, effective_uid = 0;
    gid_t real_gid = 0, effective_gid = 0;
    std::vector<gid_t> groups;
    std::uint64_t cap_inheritable = 0, cap_permitted = 0, cap_effective = 0, cap_bounding = 0, cap_ambient = 0;
    int seccomp = 0;                  ///< 0, 1 strict, 2 filter
};

/// By pid. Those that live in the container's mount namespace and all that descend from them or from the first process.
/// Empty when it does not run.
std::vector<ProcessInfo> container_processes(const ContainerState& state);

/// The first process of a container and all that its end has to wait for: who is in its pid namespace, those included that
/// have ended and were not reaped (they have no mount namespace any more), and all that descend from them.
std::vector<ProcessInfo> processes_below(pid_t first);

/// By pid: those that live in the mount namespace of `first`, which is a container's first process, and all that descend from them.
std::vector<ProcessInfo> processes_inside(pid_t first);

/// Without its `command`; nullopt when there is none.
std::optional<ProcessInfo> find_process(pid_t pid);

/// /proc/PID/stat and /proc/PID/status as text; for container_processes and tests.
ProcessInfo parse_process(pid_t pid, const std::string& stat, const std::string& status);

/// An id of the host as the process's user namespace has it (/proc/PID/uid_map or gid_map as text).
std::uint32_t map_id(const std::string& map, std::uint32_t host_id);

/// "1h2m3.5s", as Go prints durations.
std::string go_duration(std::int64_t nanoseconds);

} // namespace lib
