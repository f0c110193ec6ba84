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

/// The kernel takes no weight for a cgroup that is idle, so idleness goes first and comes last.
void set_idle(const std::string& directory, const Limits& limits, std::int64_t value) {
    if (!limits.cpu_idle) return;
    const std::string file = directory + "/cpu.idle";
    // A kernel before 5.15 has no such file, and nothing is idle there.
    if (value == 0 && !sys::find_stat_at(AT_FDCWD, file)) return;
    write_for("linux.resources.cpu.idle", std::to_string(*limits.cpu_idle), file, std::to_string(value));
}

/// A burst must not be more than the quota, neither the old one nor the new one, so it is 0 while the quota changes.
void set_burst(const std::string& directory, const Limits& limits, std::uint64_t value) {
    if (!limits.cpu_burst) return;
    const std::string file = directory + "/cpu.max.burst";
    if (value == 0 && !sys::find_stat_at(AT_FDCWD, file)) return; // before 5.14
    write_for("linux.resources.cpu.burst", std::to_string(*limits.cpu_burst), file, std::to_string(value));
}

void set_cpu(const std::string& directory, const Limits& limits) {
    const std::uint64_t burst = limits.cpu_burst.value_or(0);
    if (limits_something(limits.cpu_quota) && burst > static_cast<std::uint64_t>(*limits.cpu_quota))
        throw Error("cannot limit the container: linux.resources.cpu.burst ", burst, " is more than the quota of ", *limits.cpu_quota);
    set_burst(directory, limits, 0);
    if (limits.cpu_quota) {
        const std::string quota = *limits.cpu_quota > 0 ? std::to_string(*limits.cpu_quota) : "max";
        set_limit(directory + "/cpu.max", cat(quota, " ", limits.cpu_period));
    }
    if (burst > 0) set_burst(directory, limits, burst);
    set_idle(directory, limits, 0);
    if (limits.cpu_shares) set_limit(directory + "/cpu.weight", std::to_string(cpu_weight(*limits.cpu_shares)));
    if (limits.cpu_idle == 1) set_idle(directory, limits, 1);
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

void check_memory(const std::string& directory, const Limits& limits) {
    if (!limits.memory_check || !limits_something(limits.memory)) return;
    const std::string used = read_control(directory + "/memory.current");
    if (std::stoll(used) > *limits.memory)
        throw Error("cannot limit the container to ", *limits.memory, " bytes of memory: it uses ", used,
                    ", and linux.resources.memory.checkBeforeUpdate asks to refuse that");
}

void set_memory(const std::string& directory, const Limits& limits) {
    check_memory(directory, limits);
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

/// The bytes of "2MB".
std::uint64_t bytes_of(const std::string& page_size) {
    std::size_t digits = 0;
    const std::uint64_t number = std::stoull(page_size, &digits);
    const char unit = page_size.at(digits);
    return number << (unit == 'G' ? 30 : unit == 'M' ? 20 : 10);
}

/// Whole pages count, and what is beyond the kernel's range is shown as "max".
void set_hugepages(const std::string& file, const std::string& size, std::uint64_t limit) {
    write_for("linux.resources.hugepageLimits", cat(size, " ", limit), file, std::to_string(limit));
    const std::string shown = read_control(file);
    const std::uint64_t page = bytes_of(size);
    if (shown == std::to_string(limit - limit % page) || (shown == "max" && limit > INT64_MAX - page)) return;
    throw_different(file, shown, std::to_string(limit));
}

/// The specification wants reservations limited where the kernel can (5.7); a page fault without one counts as well.
void set_hugepages(const std::string& directory, const Limits& limits) {
    for (const auto& [size, limit] : limits.hugepages) {
        const std::string prefix = cat(directory, "/hugetlb.", size);
        set_hugepages(prefix + ".max", size, limit);
        if (sys::find_stat_at(AT_FDCWD, prefix + ".rsvd.max")) set_hugepages(prefix + ".rsvd.max", size, limit);
    }
}

void set_rdma(const std::string& directory, const Limits& limits) {
    for (const oci::Resources::Rdma& limit : limits.rdma) {
        std::string text = limit.device;
        if (limit.hca_handles) text += cat(" hca_handle=", *limit.hca_handles);
        if (limit.hca_objects) text += cat(" hca_object=", *limit.hca_objects);
        write_for("linux.resources.rdma", text, directory + "/rdma.max", text);
    }
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
    if (limits_something(cpu_quota) || cpu_shares || cpu_burst.value_or(0) > 0 || cpu_idle == 1) need("cpu");
    if (!cpuset_cpus.empty() || !cpuset_mems.empty()) need("cpuset");
    if (limits_something(memory) || limits_something(memory_low) || limits_something(memory_swap)) need("memory");
    if (pids.value_or(-1) >= 0) need("pids");
    if (needs_io(*this)) need("io");
    if (!hugepages.empty()) need("hugetlb");
    if (!rdma.empty()) need("rdma");
    for (const auto& [file, text] : files) need(controller_of(file));
    return needed;
}

std::string Limits::option_of(const std::string& controller) const {
    if (controller == "cpu" && limits_something(cpu_quota)) return "--cpus";
    if (controller == "cpu" && cpu_shares) return "--cpu-shares";
    if (controller == "cpu" && cpu_burst.value_or(0) > 0) return "linux.resources.cpu.burst";
    if (controller == "cpu" && cpu_idle == 1) return "linux.resources.cpu.idle";
    if (controller == "cpuset" && !cpuset_cpus.empty()) return "--cpuset-cpus";
    if (controller == "cpuset" && !cpuset_mems.empty()) return "--cpuset-mems";
    if (controller == "memory" && (limits_something(memory) || limits_something(memory_swap))) return "--memory";
    if (controller == "memory" && limits_something(memory_low)) return "--memory-reservation";
    if (controller == "pids" && pids.value_or(-1) >= 0) return "--pids-limit";
    if (controller == "io" && io_weight) return "--blkio-weight";
    if (controller == "io" && !io_weights.empty()) return "--blkio-weight-device";
    if (controller == "io" && !read_bps.empty()) return "--device-read-bps";
    if (controller == "io" && !write_bps.empty()) return "--device-write-bps";
    if (controller == "io" && !read_iops.empty()) return "--device-read-iops";
    if (controller == "io" && !write_iops.empty()) return "--device-write-iops";
    if (controller == "hugetlb" && !hugepages.empty()) return "linux.resources.hugepageLimits";
    if (controller == "rdma" && !rdma.empty()) return "linux.resources.rdma";
    return "--cgroup-conf";
}

namespace cgroup_tree {

void write_limits(const std::string& directory, const Limits& limits) {
    set_cpu(directory, limits);
    set_memory(directory, limits);
    if (limits.pids) set_limit(directory + "/pids.max", *limits.pids >= 0 ? std::to_string(*limits.pids) : "max");
    set_io(directory, limits);
    set_hugepages(directory, limits);
    set_rdma(directory, limits);
    for (const auto& [file, text] : limits.files) write_for("--cgroup-conf", cat(file, "=", text), cat(directory, "/", file), text);
}

} // namespace cgroup_tree

} // namespace rootless
