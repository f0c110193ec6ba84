// Limits as control files: which controllers they need, what is written, and that it holds.
#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <sstream>

namespace rootless {

namespace {

bool limits_something(const std::optional<std::int64_t>& value) { return value && *value > 0; }

/// "memory.high" is the memory controller's; files of "cgroup." are everybody's.
std::string controller_of(const std::string& file) {
    const std::string prefix = file.substr(0, file.find('.'));
    return prefix == "cgroup" ? std::string() : prefix;
}

/// Adds to an error what was asked for, as the user knows it.
void name_option(Error& e, const std::string& option, const std::string& value) {
    e.add_context(cat("cannot limit the container: ", option, " ", value));
}

/// For what cannot be compared with what is read back.
void write_for(const std::string& option, const std::string& value, const std::string& file, const std::string& text) {
    try {
        cgroup_tree::write_control(file, text);
    } catch (Error& e) {
        name_option(e, option, value);
        throw;
    }
}

bool needs_io(const Limits& l) {
    return l.io_weight || !l.io_weights.empty() || !l.read_bps.empty() || !l.write_bps.empty() || !l.read_iops.empty() || !l.write_iops.empty();
}

[[noreturn]] void throw_different(const std::string& file, const std::string& shown, const std::string& text) {
    throw Error("cannot limit the container: ", file, " shows \"", shown, "\" after \"", text, "\" was written");
}

std::string read_control(const std::string& file) {
    std::string text = files::read(file);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

/// Writes one limit and reads it back. The kernel rounds memory down to pages and shows what is beyond its range as "max".
void set_limit(const std::string& file, const std::string& text) {
    cgroup_tree::write_control(file, text);
    const std::string shown = read_control(file);
    if (shown != text) throw_different(file, shown, text);
}

void set_memory_limit(const std::string& file, std::int64_t bytes) {
    if (bytes < 0) {
        set_limit(file, "max");
        return;
    }
    const std::int64_t page = ::sysconf(_SC_PAGESIZE);
    cgroup_tree::write_control(file, std::to_string(bytes));
    const std::string shown = read_control(file);
    if (shown == std::to_string(bytes - bytes % page)) return;
    if (shown == "max" && bytes / page == INT64_MAX / page) return;
    throw_different(file, shown, std::to_string(bytes));
}

/// The numbers of a list such as "0-2,5" as the kernel shows it.
std::set<int> numbers_of(const std::string& list) {
    std::set<int> numbers;
    std::istringstream parts(list);
    for (std::string part; std::getline(parts, part, ',');) {
        const int first = std::stoi(part);
        const auto dash = part.find('-');
        for (int number = first, last = dash == part.npos ? first : std::stoi(part.substr(dash + 1)); number <= last; ++number)
            numbers.insert(number);
    }
    return numbers;
}

/// The kernel shows a list in its own words ("0,1" as "0-1"). One that has nothing in common with what the cgroup above may
/// use is taken all the same, and without effect.
void set_cpuset(const std::string& directory, const std::string& file, const std::string& list) {
    if (list.empty()) return;
    const std::string path = directory + "/" + file;
    try {
        cgroup_tree::write_control(path, list);
        const std::string possible = read_control(path + ".effective");
        const std::set<int> used = numbers_of(possible), wanted = numbers_of(read_control(path));
        if (!std::ranges::includes(wanted, used)) throw Error("only ", possible, " can be used in the cgroup it would be in");
    } catch (Error& e) {
        const std::string there = files::find(cat(directory, "/../", file, ".effective")).value_or("");
        name_option(e, file == "cpuset.cpus" ? "--cpuset-cpus" : "--cpuset-mems",
                    cat(list, " (there are ", cgroup_tree::join(cgroup_tree::words(there), " "), ")"));
        throw;
    }
}

void set_cpu(const std::string& directory, const Limits& limits) {
    if (limits.cpu_quota) {
        const std::string quota = *limits.cpu_quota > 0 ? std::to_string(*limits.cpu_quota) : "max";
        set_limit(directory + "/cpu.max", cat(quota, " ", limits.cpu_period));
    }
    if (limits.cpu_shares) set_limit(directory + "/cpu.weight", std::to_string(cpu_weight(*limits.cpu_shares)));
    set_cpuset(directory, "cpuset.cpus", limits.cpuset_cpus);
    set_cpuset(directory, "cpuset.mems", limits.cpuset_mems);
}

/// cgroup v2 counts swap by itself; the specification's number is memory and swap together.
void set_swap(const std::string& directory, const Limits& limits) {
    if (!limits.memory_swap) return;
    const std::int64_t memory = limits.memory.value_or(0);
    if (*limits.memory_swap > 0 && (memory <= 0 || *limits.memory_swap < memory))
        throw Error("the limit of memory and swap together must be at least the memory limit");
    const std::string file = directory + "/memory.swap.max";
    // A kernel that does not count swap has no such file, and a container without a swap limit needs none.
    if (*limits.memory_swap <= 0 && !sys::find_stat_at(AT_FDCWD, file)) return;
    set_memory_limit(file, *limits.memory_swap > 0 ? *limits.memory_swap - memory : -1);
}

void set_memory(const std::string& directory, const Limits& limits) {
    if (limits.memory) set_memory_limit(directory + "/memory.max", *limits.memory > 0 ? *limits.memory : -1);
    if (limits.memory_low) set_memory_limit(directory + "/memory.low", std::max<std::int64_t>(*limits.memory_low, 0));
    set_swap(directory, limits);
}

std::string device(const oci::DeviceRate& rate) { return cat(rate.major, ":", rate.minor); }

void set_rates(const std::string& directory, const std::vector<oci::DeviceRate>& rates, const char* option, const char* key) {
    for (const oci::DeviceRate& rate : rates)
        write_for(option, device(rate), directory + "/io.max", cat(device(rate), " ", key, "=", rate.value == 0 ? "max" : std::to_string(rate.value)));
}

/// The file for weights, with the numbers it takes: BFQ's has the old range.
struct WeightFile {
    std::string path;
    bool old_range;
};
WeightFile find_weight_file(const std::string& directory) {
    std::string bfq = directory + "/io.bfq.weight";
    if (sys::find_stat_at(AT_FDCWD, bfq)) return {std::move(bfq), true};
    std::string own = directory + "/io.weight";
    if (sys::find_stat_at(AT_FDCWD, own)) return {std::move(own), false};
    throw Error("--blkio-weight cannot be enforced: this kernel has neither io.bfq.weight nor io.weight; the bfq scheduler has the first");
}

void set_device_weight(const WeightFile& file, const oci::DeviceRate& rate, std::uint64_t weight) {
    try {
        cgroup_tree::write_control(file.path, cat(device(rate), " ", weight));
    } catch (const SysError& e) {
        if (e.err() != EOPNOTSUPP) throw;
        throw Error("cannot limit the container: --blkio-weight-device ", device(rate), ": nothing weighs the requests to this device; an "
                    "administrator can choose its scheduler bfq, or write \"", device(rate), " enable=1\" to /sys/fs/cgroup/io.cost.qos");
    }
}

void set_io(const std::string& directory, const Limits& limits) {
    if (limits.io_weight || !limits.io_weights.empty()) {
        const WeightFile file = find_weight_file(directory);
        const auto number = [&](std::uint64_t weight) { return file.old_range ? weight : io_weight(weight); };
        if (limits.io_weight) cgroup_tree::write_control(file.path, cat("default ", number(*limits.io_weight)));
        for (const oci::DeviceRate& rate : limits.io_weights) set_device_weight(file, rate, number(rate.value));
    }
    set_rates(directory, limits.read_bps, "--device-read-bps", "rbps");
    set_rates(directory, limits.write_bps, "--device-write-bps", "wbps");
    set_rates(directory, limits.read_iops, "--device-read-iops", "riops");
    set_rates(directory, limits.write_iops, "--device-write-iops", "wiops");
}

} // namespace

std::uint64_t cpu_weight(std::uint64_t shares) {
    const std::uint64_t clamped = std::clamp<std::uint64_t>(shares, 2, 262144);
    return 1 + (clamped - 2) * 9999 / 262142;
}

std::uint64_t io_weight(std::uint64_t blkio_weight) {
    const std::uint64_t clamped = std::clamp<std::uint64_t>(blkio_weight, 10, 1000);
    return 1 + (clamped - 10) * 9999 / 990;
}

std::vector<std::string> Limits::controllers() const {
    std::vector<std::string> needed;
    const auto need = [&](const std::string& name) {
        if (!name.empty() && std::find(needed.begin(), needed.end(), name) == needed.end()) needed.push_back(name);
    };
    if (limits_something(cpu_quota) || cpu_shares) need("cpu");
    if (!cpuset_cpus.empty() || !cpuset_mems.empty()) need("cpuset");
    if (limits_something(memory) || limits_something(memory_low) || limits_something(memory_swap)) need("memory");
    if (limits_something(pids)) need("pids");
    if (needs_io(*this)) need("io");
    for (const auto& [file, text] : files) need(controller_of(file));
    return needed;
}

std::string Limits::option_of(const std::string& controller) const {
    if (controller == "cpu" && limits_something(cpu_quota)) return "--cpus";
    if (controller == "cpu" && cpu_shares) return "--cpu-shares";
    if (controller == "cpuset" && !cpuset_cpus.empty()) return "--cpuset-cpus";
    if (controller == "cpuset" && !cpuset_mems.empty()) return "--cpuset-mems";
    if (controller == "memory" && (limits_something(memory) || limits_something(memory_swap))) return "--memory";
    if (controller == "memory" && limits_something(memory_low)) return "--memory-reservation";
    if (controller == "pids" && limits_something(pids)) return "--pids-limit";
    if (controller == "io" && io_weight) return "--blkio-weight";
    if (controller == "io" && !io_weights.empty()) return "--blkio-weight-device";
    if (controller == "io" && !read_bps.empty()) return "--device-read-bps";
    if (controller == "io" && !write_bps.empty()) return "--device-write-bps";
    if (controller == "io" && !read_iops.empty()) return "--device-read-iops";
    if (controller == "io" && !write_iops.empty()) return "--device-write-iops";
    return "--cgroup-conf";
}

namespace cgroup_tree {

void write_limits(const std::string& directory, const Limits& limits) {
    set_cpu(directory, limits);
    set_memory(directory, limits);
    if (limits.pids) set_limit(directory + "/pids.max", *limits.pids > 0 ? std::to_string(*limits.pids) : "max");
    set_io(directory, limits);
    for (const auto& [file, text] : limits.files) write_for("--cgroup-conf", cat(file, "=", text), cat(directory, "/", file), text);
}

} // namespace cgroup_tree

} // namespace rootless
