// Reading the cgroup hierarchies of a host, for rootless/cgroup*.cc only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rootless {
struct Limits;
}

namespace rootless::cgroup_tree {

/// The leaf of the processes that are not the container, beside it.
inline constexpr const char* monitor_leaf = "ctl-monitor";

/// Directories include the `root` they were read below.
struct Hierarchies {
    std::string unified;                   ///< mount point of cgroup2; "" without one
    std::string own;                       ///< directory of the caller's cgroup; "" without one
    std::map<std::string, std::string> v1; ///< controller bound to cgroup v1 -> its mount point, "" when not mounted
};

/// From ROOT/proc/PROCESS/cgroup and ROOT/proc/self/mountinfo. `process`: "self" or a pid.
Hierarchies read_hierarchies(const std::string& root, const std::string& process = "self");

/// The words of `text`, split at white space.
std::vector<std::string> words(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// `directory` up to and including its component `name`; "" when it has none.
std::string up_to(const std::string& directory, const std::string& name);

/// Throws SysError naming the file.
void write_control(const std::string& path, std::string_view text);

/// Writes every limit there is into the control files of `directory`; "no limit" is written too. Throws Error when one does
/// not hold afterwards. In rootless/cgroup_limits.cc.
void write_limits(const std::string& directory, const Limits& limits);

} // namespace rootless::cgroup_tree
