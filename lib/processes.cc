// See lib/processes.h.
#include "lib/processes.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace lib {
namespace {

constexpr std::size_t most_proc_bytes = 1 << 20;
constexpr std::uint32_t overflow_id = 65534;

/// A file of /proc; nullopt where the process ended meanwhile.
std::optional<std::string> read_proc(pid_t pid, const char* name) {
    try {
        const auto file = sys::try_open(cat("/proc/", pid, "/", name), O_RDONLY | O_NOCTTY);
        if (!file) return std::nullopt;
        return sys::read_to_end(file->get(), most_proc_bytes, name);
    } catch (const SysError&) {
        return std::nullopt; // ESRCH
    }
}

std::string namespace_of(pid_t pid, const char* kind) {
    try {
        return sys::find_link_at(AT_FDCWD, cat("/proc/", pid, "/ns/", kind)).value_or("");
    } catch (const SysError&) {
        return ""; // not ours to look at
    }
}

std::vector<pid_t> all_pids() {
    std::vector<pid_t> pids;
    for (const std::string& name : files::list(AT_FDCWD, "/proc")) {
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

pid_t parent_of(const std::string& stat) {
    std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 2, stat.size())));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    return parent;
}

std::string command_of(pid_t pid, const std::string& name) {
    std::string text = read_proc(pid, "cmdline").value_or("");
    while (text.ends_with('\0')) text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text.empty() ? "[" + name + "]" : text;
}

template <class T>
std::vector<T> numbers(const std::string& text) {
    std::istringstream in(text);
    std::vector<T> list;
    for (T value{}; in >> value;) list.push_back(value);
    return list;
}

std::uint64_t hexadecimal(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

void take_status(ProcessInfo& info, const std::string& key, const std::string& value) {
    const auto ids = [&](auto& real, auto& effective) {
        const auto list = numbers<std::uint32_t>(value);
        if (list.size() >= 2) real = list[0], effective = list[1];
    };
    if (key == "Uid") ids(info.real_uid, info.effective_uid);
    else if (key == "Gid") ids(info.real_gid, info.effective_gid);
    else if (key == "Groups") info.groups = numbers<gid_t>(value);
    else if (key == "TracerPid" && !numbers<pid_t>(value).empty()) info.tracer = numbers<pid_t>(value).front();
    else if (key == "NSpid") info.inner_pids = numbers<pid_t>(value);
    else if (key == "NSpgid" && !numbers<pid_t>(value).empty()) info.inner_group = numbers<pid_t>(value).back();
    else if (key == "CapInh") info.cap_inheritable = hexadecimal(value);
    else if (key == "CapPrm") info.cap_permitted = hexadecimal(value);
    else if (key == "CapEff") info.cap_effective = hexadecimal(value);
    else if (key == "CapBnd") info.cap_bounding = hexadecimal(value);
    else if (key == "CapAmb") info.cap_ambient = hexadecimal(value);
    else if (key == "Seccomp" && !value.empty()) info.seccomp = value.front() - '0';
}

using Stats = std::map<pid_t, std::string>; ///< /proc/PID/stat

Stats read_stats() {
    Stats stats;
    for (const pid_t pid : all_pids())
        if (auto stat = read_proc(pid, "stat")) stats.emplace(pid, std::move(*stat));
    return stats;
}

/// Those that share a namespace of that kind with the first process, and all that descend from these.
std::set<pid_t> find_members(const Stats& stats, pid_t first, const char* kind) {
    std::set<pid_t> members{first};
    std::set<std::string> namespaces;
    for (const auto& [pid, stat] : stats) // with --init the first process is closed to us, its child is not
        if (pid == first || parent_of(stat) == first) namespaces.insert(namespace_of(pid, kind));
    namespaces.erase(namespace_of(::getpid(), kind));
    namespaces.erase("");
    for (const auto& [pid, stat] : stats)
        if (namespaces.contains(namespace_of(pid, kind))) members.insert(pid);
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& [pid, stat] : stats)
            if (members.contains(parent_of(stat))) grown |= members.insert(pid).second;
    }
    return members;
}

std::vector<ProcessInfo> read_members(pid_t first, const char* kind) {
    const Stats stats = read_stats();
    std::vector<ProcessInfo> processes;
    for (const pid_t pid : find_members(stats, first, kind)) {
        const auto status = read_proc(pid, "status");
        if (!status || !stats.contains(pid)) continue;
        processes.push_back(parse_process(pid, stats.at(pid), *status));
        processes.back().command = command_of(pid, processes.back().name);
    }
    return processes;
}

} // namespace

ProcessInfo parse_process(pid_t pid, const std::string& stat, const std::string& status) {
    ProcessInfo info;
    info.pid = pid;
    const auto open = stat.find('('), close = stat.rfind(')'); // the name may contain anything
    if (open == std::string::npos || close == std::string::npos || close < open) throw Error("/proc/", pid, "/stat: not understood");
    info.name = stat.substr(open + 1, close - open - 1);
    std::istringstream fields(stat.substr(close + 1));
    std::int64_t skip = 0;
    std::uint64_t child_user = 0, child_system = 0, pages = 0;
    fields >> info.state >> info.parent >> skip >> skip >> info.tty >> skip;   // state … tpgid
    for (int i = 0; i < 5; ++i) fields >> skip;                                // flags, faults
    fields >> info.user_ticks >> info.system_ticks >> child_user >> child_system;
    fields >> skip >> info.nice >> info.threads >> skip >> info.start_ticks >> info.virtual_size >> pages;
    info.child_ticks = child_user + child_system;
    info.resident = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::istringstream lines(status);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const auto value = line.find_first_not_of(" \t", colon + 1);
        take_status(info, line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
    }
    return info;
}

std::optional<ProcessInfo> find_process(pid_t pid) {
    const auto stat = read_proc(pid, "stat"), status = read_proc(pid, "status");
    return stat && status ? std::optional(parse_process(pid, *stat, *status)) : std::nullopt;
}

std::vector<ProcessInfo> container_processes(const ContainerState& state) {
    return find_container_process(state) ? processes_inside(state.pid) : std::vector<ProcessInfo>();
}

std::vector<ProcessInfo> processes_inside(pid_t first) { return read_members(first, "mnt"); }

std::vector<ProcessInfo> processes_below(pid_t first) { return read_members(first, "pid"); }

std::uint32_t map_id(const std::string& map, std::uint32_t host_id) {
    std::istringstream lines(map);
    for (std::uint32_t inside = 0, outside = 0, count = 0; lines >> inside >> outside >> count;)
        if (host_id >= outside && host_id - outside < count) return inside + (host_id - outside);
    return overflow_id;
}

std::string go_duration(std::int64_t nanoseconds) {
    if (nanoseconds <= 0) return "0s";
    const std::int64_t hours = nanoseconds / 3'600'000'000'000, minutes = nanoseconds / 60'000'000'000 % 60;
    std::string text = hours > 0 ? cat(hours, "h", minutes, "m") : minutes > 0 ? cat(minutes, "m") : "";
    const std::int64_t rest = nanoseconds % 60'000'000'000;
    std::string fraction = std::to_string(1'000'000'000 + rest % 1'000'000'000).substr(1);
    while (fraction.ends_with('0')) fraction.pop_back();
    return cat(text, rest / 1'000'000'000, fraction.empty() ? "" : ".", fraction, "s");
}

} // namespace lib
