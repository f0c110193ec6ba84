// Resource limits; see lib/limits.h.
#include "lib/limits.h"

#include "base/error.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace lib {
namespace {

/// What "no limit" looks like while a change is under way.
constexpr std::int64_t unlimited = -1;

std::int64_t or_unlimited(std::int64_t value) { return value > 0 ? value : unlimited; }

void change_cpu(oci::Resources& resources, const LimitOptions& options) {
    if (options.cpus && (options.cpu_quota || options.cpu_period))
        throw Error("--cpus and --cpu-quota or --cpu-period exclude each other: the one is the quotient of the others");
    if (options.cpus) {
        if (*options.cpus != 0 && (!(*options.cpus >= 0.01) || *options.cpus > 1024))
            throw Error("--cpus ", *options.cpus, ": a number from 0.01 on is needed");
        resources.cpu_period = 100000;
        resources.cpu_quota = or_unlimited(std::llround(*options.cpus * 100000));
    }
    if (options.cpu_period && *options.cpu_period != 0) {
        if (*options.cpu_period < 1000 || *options.cpu_period > 1000000)
            throw Error("--cpu-period ", *options.cpu_period, ": from 1000 to 1000000 microseconds are possible");
        resources.cpu_period = options.cpu_period;
    }
    if (options.cpu_quota) {
        if (*options.cpu_quota > 0 && *options.cpu_quota < 1000)
            throw Error("--cpu-quota ", *options.cpu_quota, ": at least 1000 microseconds are needed");
        resources.cpu_quota = or_unlimited(*options.cpu_quota);
    }
    if (options.cpu_shares) {
        if (*options.cpu_shares == 1 || *options.cpu_shares > 262144)
            throw Error("--cpu-shares ", *options.cpu_shares, ": from 2 to 262144 are possible");
        resources.cpu_shares = *options.cpu_shares == 0 ? 1024 : *options.cpu_shares;
    }
    if (options.cpuset_cpus) resources.cpuset_cpus = *options.cpuset_cpus;
    if (options.cpuset_mems) resources.cpuset_mems = *options.cpuset_mems;
}

void change_memory(oci::Resources& resources, const LimitOptions& options) {
    if (options.memory) resources.memory_limit = or_unlimited(*options.memory);
    if (options.memory_reservation) resources.memory_reservation = or_unlimited(*options.memory_reservation);
    if (options.memory_swap && *options.memory_swap != 0) resources.memory_swap = or_unlimited(*options.memory_swap);
    // A changed memory limit without a word about swap starts from its default, twice the limit, again.
    else if (options.memory && resources.memory_swap.value_or(0) > 0) resources.memory_swap.reset();
    const std::int64_t memory = resources.memory_limit.value_or(unlimited);
    if (const std::int64_t swap = resources.memory_swap.value_or(0); swap > 0) {
        if (memory <= 0) throw Error("--memory-swap counts memory and swap together, so it needs --memory");
        if (swap < memory) throw Error("--memory-swap counts memory and swap together and must be at least --memory");
    }
    if (memory > 0 && resources.memory_reservation.value_or(0) > memory)
        throw Error("--memory-reservation must not be more than --memory");
}

std::vector<oci::DeviceRate> rates(const std::vector<DeviceLimit>& limits, const char* option) {
    std::vector<oci::DeviceRate> list;
    for (const DeviceLimit& limit : limits) {
        struct stat st {};
        if (::stat(limit.path.c_str(), &st) != 0) throw SysError{errno, cat(option, " ", limit.path)};
        if (!S_ISBLK(st.st_mode)) throw Error(option, ": ", limit.path, " is not a block device");
        list.push_back({static_cast<std::int64_t>(::major(st.st_rdev)), static_cast<std::int64_t>(::minor(st.st_rdev)), limit.value});
    }
    return list;
}

void check_weight(const char* option, std::uint64_t weight) {
    if (weight < 10 || weight > 1000) throw Error(option, " ", weight, ": from 10 to 1000 are possible");
}

void change_rates(std::vector<oci::DeviceRate>& rates_now, const std::vector<DeviceLimit>& limits, const char* option) {
    for (const oci::DeviceRate& rate : rates(limits, option)) {
        const auto same = [&](const oci::DeviceRate& r) { return r.major == rate.major && r.minor == rate.minor; };
        std::erase_if(rates_now, same);
        rates_now.push_back(rate);
    }
}

void change_io(oci::Resources& resources, const LimitOptions& options) {
    if (options.blkio_weight && *options.blkio_weight != 0) {
        check_weight("--blkio-weight", *options.blkio_weight);
        resources.blkio_weight = static_cast<std::uint16_t>(*options.blkio_weight);
    }
    for (const DeviceLimit& limit : options.blkio_weight_device) check_weight("--blkio-weight-device", limit.value);
    change_rates(resources.blkio_weight_device, options.blkio_weight_device, "--blkio-weight-device");
    change_rates(resources.read_bps, options.device_read_bps, "--device-read-bps");
    change_rates(resources.write_bps, options.device_write_bps, "--device-write-bps");
    change_rates(resources.read_iops, options.device_read_iops, "--device-read-iops");
    change_rates(resources.write_iops, options.device_write_iops, "--device-write-iops");
}

/// A file name of cgroup v2 such as memory.high; no slash leads out of the container's cgroup.
void change_files(oci::Resources& resources, const std::vector<std::string>& settings) {
    for (const std::string& setting : settings) {
        const auto equals = setting.find('=');
        const std::string file = setting.substr(0, equals);
        if (equals == std::string::npos || file.empty()) throw Error("--cgroup-conf \"", setting, "\": FILE=VALUE is needed, as in memory.high=1073741824");
        if (file.find('/') != std::string::npos || file.find('.') == std::string::npos || file.starts_with('.') || file == "cgroup.procs" || file == "cgroup.threads")
            throw Error("--cgroup-conf ", file, ": not a control file of cgroup v2 with a setting");
        std::erase_if(resources.unified, [&](const auto& entry) { return entry.first == file; });
        resources.unified.emplace_back(file, setting.substr(equals + 1));
    }
}

void drop_unlimited(std::optional<std::int64_t>& value) {
    if (value && *value <= 0) value.reset();
}

} // namespace

void change_resources(oci::Resources& resources, const LimitOptions& options) {
    change_cpu(resources, options);
    change_memory(resources, options);
    if (options.pids) resources.pids_limit = or_unlimited(*options.pids);
    change_io(resources, options);
    change_files(resources, options.cgroup_conf);
}

void drop_unlimited(oci::Resources& resources) {
    drop_unlimited(resources.cpu_quota);
    drop_unlimited(resources.memory_limit);
    drop_unlimited(resources.memory_reservation);
    if (resources.pids_limit.value_or(0) < 0) resources.pids_limit.reset();
    if (!resources.cpu_quota) resources.cpu_period.reset();
    if (!resources.memory_limit) resources.memory_swap.reset(); // without a memory limit there is nothing to count from
    for (auto* list : {&resources.read_bps, &resources.write_bps, &resources.read_iops, &resources.write_iops})
        std::erase_if(*list, [](const oci::DeviceRate& rate) { return rate.value == 0; });
}

oci::Resources make_resources(const LimitOptions& options) {
    oci::Resources resources;
    change_resources(resources, options);
    if (options.cpu_shares == 0U) resources.cpu_shares.reset();
    drop_unlimited(resources);
    return resources;
}

rootless::Limits limits_of(const oci::Resources& r) {
    rootless::Limits limits;
    limits.cpu_quota = r.cpu_quota;
    if (r.cpu_period) limits.cpu_period = *r.cpu_period;
    limits.cpu_burst = r.cpu_burst;
    limits.cpu_shares = r.cpu_shares;
    limits.cpu_idle = r.cpu_idle;
    limits.cpuset_cpus = r.cpuset_cpus;
    limits.cpuset_mems = r.cpuset_mems;
    limits.memory = r.memory_limit;
    limits.memory_low = r.memory_reservation;
    limits.memory_swap = r.memory_swap;
    if (!limits.memory_swap && r.memory_limit)
        limits.memory_swap = *r.memory_limit > 0 ? 2 * *r.memory_limit : unlimited; // podman-run(1), --memory-swap
    limits.memory_check = r.memory_check_before_update;
    limits.pids = r.pids_limit;
    limits.io_weight = r.blkio_weight;
    limits.io_weights = r.blkio_weight_device;
    limits.read_bps = r.read_bps;
    limits.write_bps = r.write_bps;
    limits.read_iops = r.read_iops;
    limits.write_iops = r.write_iops;
    limits.hugepages = r.hugepage_limits;
    limits.rdma = r.rdma;
    limits.files = r.unified;
    return limits;
}

} // namespace lib
