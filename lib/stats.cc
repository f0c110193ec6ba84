// See lib/stats.h.
#include "lib/stats.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/processes.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <sstream>
#include <tuple>

namespace lib {
namespace {

/// A file of /proc or of a cgroup; empty where it is gone or closed to us.
std::string read_quietly(const std::string& path) {
    try {
        const auto file = sys::try_open(path, O_RDONLY | O_NOCTTY);
        return file ? sys::read_to_end(file->get(), 1 << 20, path) : "";
    } catch (const SysError&) {
        return "";
    }
}

std::optional<std::uint64_t> find_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt; // "max"
    return value;
}

bool take_cgroup(const std::string& directory, ContainerStats& stats) {
    if (directory.empty()) return false;
    const std::string cpu = read_quietly(directory + "/cpu.stat");
    const std::string memory = read_quietly(directory + "/memory.current");
    const std::string pids = read_quietly(directory + "/pids.current");
    if (cpu.empty() || memory.empty() || pids.empty()) return false; // a controller is missing
    stats.cpu_ns = parse_counter(cpu, "usage_usec") * 1000;
    stats.cpu_system_ns = parse_counter(cpu, "system_usec") * 1000;
    stats.memory = find_number(memory).value_or(0);
    stats.memory_limit = find_number(read_quietly(directory + "/memory.max"));
    stats.pids = find_number(pids).value_or(0);
    return true;
}

std::uint64_t memory_of(const ProcessInfo& process) {
    const std::string rollup = read_quietly(cat("/proc/", process.pid, "/smaps_rollup"));
    return rollup.empty() ? process.resident : parse_counter(rollup, "Pss") * 1024;
}

void take_processes(const std::vector<ProcessInfo>& processes, ContainerStats& stats) {
    const auto tick = static_cast<std::uint64_t>(1'000'000'000 / ::sysconf(_SC_CLK_TCK));
    for (const ProcessInfo& process : processes) {
        stats.cpu_ns += (process.user_ticks + process.system_ticks + process.child_ticks) * tick;
        stats.cpu_system_ns += process.system_ticks * tick;
        stats.memory += memory_of(process);
        stats.pids += process.threads;
    }
}

void take_block_io(const std::string& directory, const std::vector<ProcessInfo>& processes, ContainerStats& stats) {
    const std::string counted = directory.empty() ? "" : read_quietly(directory + "/io.stat");
    if (!counted.empty()) {
        std::tie(stats.block_read, stats.block_written) = parse_io_stat(counted);
        return;
    }
    for (const ProcessInfo& process : processes) {
        const std::string io = read_quietly(cat("/proc/", process.pid, "/io"));
        stats.block_read += parse_counter(io, "read_bytes");
        stats.block_written += parse_counter(io, "write_bytes");
    }
}

void take_network(const ContainerState& state, ContainerStats& stats) {
    const auto own = [](const std::string& pid) {
        try {
            return sys::find_link_at(AT_FDCWD, "/proc/" + pid + "/ns/net").value_or("");
        } catch (const SysError&) {
            return std::string();
        }
    };
    const std::string theirs = own(std::to_string(state.pid));
    if (theirs == own("self")) return;
    const std::string text = read_quietly(cat("/proc/", state.pid, "/net/dev"));
    if (text.empty()) return;
    const auto [received, sent] = parse_net_dev(text);
    stats.net_received = received;
    stats.net_sent = sent;
}

ContainerStats stats_of(const ContainerDir& dir) {
    const ContainerState state = dir.load_state();
    ContainerStats stats;
    stats.id = dir.id();
    stats.name = dir.load_record().name;
    stats.taken = sys::realtime_ns();
    stats.started = state.started;
    const std::vector<ProcessInfo> processes = container_processes(state);
    stats.running = !processes.empty();
    if (!stats.running) return stats;
    const std::string directory = state.cgroup.directory();
    stats.from_cgroup = take_cgroup(directory, stats);
    if (!stats.from_cgroup) take_processes(processes, stats);
    take_block_io(directory, processes, stats);
    take_network(state, stats);
    return stats;
}

} // namespace

std::pair<std::uint64_t, std::uint64_t> parse_net_dev(const std::string& text) {
    std::uint64_t received = 0, sent = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue; // headings
        const auto name = line.find_first_not_of(' ');
        if (line.substr(name, colon - name) == "lo") continue;
        std::istringstream fields(line.substr(colon + 1));
        std::uint64_t value = 0;
        for (int i = 0; i < 9 && fields >> value; ++i) {
            if (i == 0) received += value;
            if (i == 8) sent += value;
        }
    }
    return {received, sent};
}

std::uint64_t parse_counter(const std::string& text, const std::string& key) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key) || line.size() <= key.size() || (line[key.size()] != ' ' && line[key.size()] != ':')) continue;
        std::istringstream value(line.substr(key.size() + 1));
        std::uint64_t number = 0;
        value >> number;
        return number;
    }
    return 0;
}

std::pair<std::uint64_t, std::uint64_t> parse_io_stat(const std::string& text) {
    std::uint64_t read = 0, written = 0;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word.starts_with("rbytes=")) read += find_number(word.substr(7)).value_or(0);
        if (word.starts_with("wbytes=")) written += find_number(word.substr(7)).value_or(0);
    }
    return {read, written};
}

std::vector<ContainerStats> container_stats(const Engine& engine, const std::vector<std::string>& names, bool all) {
    std::vector<ContainerStats> list;
    if (!names.empty()) {
        for (const std::string& name : names) list.push_back(stats_of(ContainerDir::open(engine, name)));
        return list;
    }
    for (const ContainerSummary& container : list_containers(engine, all))
        if (const auto dir = ContainerDir::find(engine, container.id)) list.push_back(stats_of(*dir));
    return list;
}

} // namespace lib
