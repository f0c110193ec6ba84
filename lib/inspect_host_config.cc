// inspect: HostConfig, see lib/inspect_parts.h.
#include "base/error.h"
#include "lib/device_option.h"
#include "lib/inspect_parts.h"
#include "lib/restart_policy.h"
#include "rootless/caps.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace lib {
namespace {

using nlohmann::json;

/// Of `a` and not of `b`, as names. Podman too tells what was added and dropped by comparing with its defaults.
std::vector<std::string> capabilities_beyond(rootless::CapMask a, rootless::CapMask b) { return rootless::capability_names(a & ~b); }

rootless::CapMask mask_of(const std::vector<std::string>& names) {
    rootless::CapMask mask = 0;
    for (const std::string& name : names)
        if (const auto number = rootless::find_capability(name)) mask |= rootless::cap_bit(*number);
    return mask;
}

void add_security(json& document, const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    const rootless::CapMask caps = mask_of(spec.process.capabilities.bounding);
    document["Privileged"] = record.privileged;
    document["CapAdd"] = document["CapDrop"] = json::array();
    document["SecurityOpt"] = asked_list(record, "security-opt");
    if (record.privileged) return;
    const auto configured = asked_list(record, "default-capability");
    const rootless::CapMask defaults = configured.empty() ? rootless::default_caps() : mask_of(configured);
    document["CapAdd"] = capabilities_beyond(caps, defaults);
    document["CapDrop"] = capabilities_beyond(defaults, caps);
}

/// "65536k" in bytes; 0 for what has no size.
std::int64_t bytes_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size()) return number;
    constexpr std::string_view units = "kmg";
    const auto unit = units.find(*end);
    return unit == std::string_view::npos ? number : number << (10 * (unit + 1));
}

std::int64_t shm_size(const oci::RuntimeSpec& spec) {
    for (const oci::Mount& mount : spec.mounts)
        for (const std::string& option : mount.options)
            if (mount.destination == "/dev/shm" && option.starts_with("size=")) return bytes_of(std::string_view(option).substr(5));
    return 0;
}

void add_mounts(json& document, const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    document["Binds"] = json::array();
    document["Tmpfs"] = json::object();
    for (const MountRecord& m : record.mounts) {
        if (m.type == "tmpfs") document["Tmpfs"][m.destination] = m.options;
        else if (m.type == "bind" || m.type == "volume") document["Binds"].push_back(cat(m.name.empty() ? m.source : m.name, ":", m.destination, ":", m.options));
    }
    document["ShmSize"] = shm_size(spec);
    document["Devices"] = json::array();
    for (const std::string& text : asked_list(record, "device")) {
        const DeviceRequest device = parse_device_option(text);
        document["Devices"].push_back({{"PathOnHost", device.host}, {"PathInContainer", device.container}, {"CgroupPermissions", device.permissions}});
    }
    document["VolumeDriver"] = "";
    const auto from = asked_list(record, "volumes-from");
    document["VolumesFrom"] = from.empty() ? json() : json(from);
}

std::string word_of(const ContainerRecord& record, const std::string& kind, const std::string& fallback) {
    const auto found = record.namespaces.find(kind);
    return found == record.namespaces.end() ? fallback : found->second;
}

/// Podman tells whose it is, or that it is the container's own, and not by which way it came by its map.
std::string user_namespace_word(const std::string& mode) {
    if (mode.empty() || mode == "host" || mode.starts_with("container:") || mode.starts_with("ns:")) return mode == "host" ? "" : mode;
    return "private";
}

std::vector<std::string> map_lines(const std::vector<oci::IdMapping>& mappings) {
    std::vector<std::string> lines;
    for (const oci::IdMapping& m : mappings) lines.push_back(cat(m.container_id, ":", m.host_id, ":", m.size));
    return lines;
}

void add_namespaces(json& document, const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    document["NetworkMode"] = record.network;
    document["IpcMode"] = word_of(record, "ipc", "shareable");
    document["PidMode"] = word_of(record, "pid", "private");
    document["UTSMode"] = word_of(record, "uts", "private");
    document["CgroupMode"] = word_of(record, "cgroup", "private");
    document["UsernsMode"] = user_namespace_word(word_of(record, "user", ""));
    document["IDMappings"] = {{"UidMap", map_lines(spec.uid_mappings)}, {"GidMap", map_lines(spec.gid_mappings)}};
}

/// The runtime document keeps the numbers of a device; udev makes a link of them.
json device_rates(const std::vector<oci::DeviceRate>& rates, const char* what) {
    if (rates.empty()) return nullptr;
    json list = json::array();
    for (const oci::DeviceRate& rate : rates) list.push_back({{"Path", cat("/dev/block/", rate.major, ":", rate.minor)}, {what, rate.value}});
    return list;
}

std::string manager_name(const ContainerState& state) {
    switch (state.cgroup.manager) {
    case rootless::CgroupManager::systemd: return "systemd";
    case rootless::CgroupManager::cgroupfs: return "cgroupfs";
    default: return "";
    }
}

void add_limits(json& document, const ContainerRecord& record, const ContainerState& state, const oci::RuntimeSpec& spec) {
    const oci::Resources& limits = spec.resources;
    const std::int64_t quota = limits.cpu_quota.value_or(0);
    const auto period = static_cast<std::int64_t>(limits.cpu_period.value_or(0));
    document.update({{"CgroupManager", manager_name(state)},
                     {"Cgroup", ""},
                     {"Cgroups", record.cgroup_mode.empty() || record.cgroup_mode == "enabled" ? "default" : record.cgroup_mode},
                     {"CgroupParent", record.cgroup_parent},
                     {"CgroupConf", std::map<std::string, std::string>(limits.unified.begin(), limits.unified.end())},
                     {"CpuPeriod", limits.cpu_quota ? period : 0},
                     {"CpuQuota", quota},
                     {"NanoCpus", period > 0 ? quota * 1'000'000'000 / period : 0},
                     {"CpuShares", limits.cpu_shares.value_or(0)},
                     {"CpusetCpus", limits.cpuset_cpus},
                     {"CpusetMems", limits.cpuset_mems},
                     {"Memory", limits.memory_limit.value_or(0)},
                     {"MemoryReservation", limits.memory_reservation.value_or(0)},
                     {"MemorySwap", limits.memory_swap.value_or(0)},
                     {"BlkioWeight", limits.blkio_weight.value_or(0)},
                     {"BlkioWeightDevice", device_rates(limits.blkio_weight_device, "Weight")},
                     {"BlkioDeviceReadBps", device_rates(limits.read_bps, "Rate")},
                     {"BlkioDeviceWriteBps", device_rates(limits.write_bps, "Rate")},
                     {"BlkioDeviceReadIOps", device_rates(limits.read_iops, "Rate")},
                     {"BlkioDeviceWriteIOps", device_rates(limits.write_iops, "Rate")},
                     {"PidsLimit", limits.pids_limit.value_or(0)},
                     {"MemorySwappiness", 0},
                     {"OomKillDisable", false},
                     {"OomScoreAdj", spec.process.oom_score_adj.value_or(0)},
                     {"Ulimits", json::array()}});
    for (const char* number : {"CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuCount", "CpuPercent", "KernelMemory", "DiskQuota",
                               "IOMaximumIOps", "IOMaximumBandwidth"})
        document[number] = 0; // of other systems, or gone with cgroup v1
    for (const oci::Rlimit& limit : spec.process.rlimits)
        document["Ulimits"].push_back({{"Name", limit.type}, {"Soft", limit.soft}, {"Hard", limit.hard}});
}

json log_document(const ContainerRecord& record, const std::string& log_path) {
    const LogSettings& log = record.log;
    return {{"Type", to_string(log.driver)}, {"Config", nullptr}, {"Path", log_path}, {"Tag", log.tag},
            {"Size", log.keeps_file() ? cat(log.max_size, "B") : "0B"}};
}

} // namespace

json inspect_host_config(const ContainerRecord& record, const ContainerState& state, const oci::RuntimeSpec& spec,
                         const std::string& log_path) {
    const RestartPolicy restart = parse_restart_policy(record.restart_policy);
    json document{{"ContainerIDFile", asked_text(record, "cidfile")},
                  {"LogConfig", log_document(record, log_path)},
                  {"PortBindings", inspect_ports(record.ports)},
                  {"RestartPolicy", {{"Name", restart_policy_name(restart)}, {"MaximumRetryCount", restart.most}}},
                  {"AutoRemove", record.auto_remove},
                  {"AutoRemoveImage", record.auto_remove_image},
                  {"Annotations", std::map<std::string, std::string>(spec.annotations.begin(), spec.annotations.end())},
                  {"Dns", asked_list(record, "dns")},
                  {"DnsOptions", asked_list(record, "dns-option")},
                  {"DnsSearch", asked_list(record, "dns-search")},
                  {"ExtraHosts", asked_list(record, "add-host")},
                  {"HostsFile", asked_text(record, "hosts-file")},
                  {"GroupAdd", asked_list(record, "group-add")},
                  {"Links", nullptr},
                  {"PublishAllPorts", !asked_list(record, "publish-all").empty()},
                  {"ReadonlyRootfs", spec.root_readonly},
                  {"Runtime", "oci"},
                  {"ConsoleSize", {0, 0}},
                  {"Isolation", ""},
                  {"Init", record.init}};
    add_security(document, record, spec);
    add_mounts(document, record, spec);
    add_namespaces(document, record, spec);
    add_limits(document, record, state, spec);
    return document;
}

} // namespace lib
