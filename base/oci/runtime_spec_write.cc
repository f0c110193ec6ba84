// config.json written; see base/oci/runtime_spec.h. Empty members are left out, as the specification allows.
#include "base/oci/runtime_spec.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace oci {
namespace {

using nlohmann::json;

template <class T>
void put(json& object, const char* name, const T& value) {
    if (!value.empty()) object[name] = value;
}

template <class T>
void put(json& object, const char* name, const std::optional<T>& value) {
    if (value) object[name] = *value;
}

json text_map(const std::vector<std::pair<std::string, std::string>>& pairs) {
    json object = json::object();
    for (const auto& [key, value] : pairs) object[key] = value;
    return object;
}

json scheduler_json(const Scheduler& scheduler) {
    json document{{"policy", scheduler.policy}};
    put(document, "flags", scheduler.flags);
    if (scheduler.nice != 0) document["nice"] = scheduler.nice;
    if (scheduler.priority != 0) document["priority"] = scheduler.priority;
    if (scheduler.runtime != 0) document["runtime"] = scheduler.runtime;
    if (scheduler.deadline != 0) document["deadline"] = scheduler.deadline;
    if (scheduler.period != 0) document["period"] = scheduler.period;
    return document;
}

void put_schedulers(json& document, const Process& process) {
    if (process.scheduler) document["scheduler"] = scheduler_json(*process.scheduler);
    if (process.io_priority) document["ioPriority"] = {{"class", process.io_priority->io_class}, {"priority", process.io_priority->priority}};
    if (!process.exec_cpu_affinity) return;
    json affinity = json::object();
    put(affinity, "initial", process.exec_cpu_affinity->initial);
    put(affinity, "final", process.exec_cpu_affinity->final);
    document["execCPUAffinity"] = affinity;
}

json process_json(const Process& process) {
    json user{{"uid", process.user.uid}, {"gid", process.user.gid}};
    put(user, "umask", process.user.umask);
    put(user, "additionalGids", process.user.additional_gids);
    json document{{"terminal", process.terminal}, {"user", user}, {"args", process.args}, {"cwd", process.cwd}};
    if (process.console_size)
        document["consoleSize"] = {{"height", process.console_size->rows}, {"width", process.console_size->columns}};
    put(document, "env", process.env);
    json capabilities = json::object();
    capabilities["bounding"] = process.capabilities.bounding;
    put(capabilities, "effective", process.capabilities.effective);
    put(capabilities, "inheritable", process.capabilities.inheritable);
    put(capabilities, "permitted", process.capabilities.permitted);
    put(capabilities, "ambient", process.capabilities.ambient);
    document["capabilities"] = capabilities;
    for (const Rlimit& limit : process.rlimits)
        document["rlimits"].push_back({{"type", limit.type}, {"soft", limit.soft}, {"hard", limit.hard}});
    document["noNewPrivileges"] = process.no_new_privileges;
    put(document, "oomScoreAdj", process.oom_score_adj);
    put_schedulers(document, process);
    put(document, "apparmorProfile", process.apparmor_profile);
    put(document, "selinuxLabel", process.selinux_label);
    return document;
}

json mappings_json(const std::vector<IdMapping>& mappings) {
    json list = json::array();
    for (const IdMapping& m : mappings)
        list.push_back({{"containerID", m.container_id}, {"hostID", m.host_id}, {"size", m.size}});
    return list;
}

json mounts_json(const std::vector<Mount>& mounts) {
    json list = json::array();
    for (const Mount& mount : mounts) {
        json entry{{"destination", mount.destination}};
        put(entry, "type", mount.type);
        put(entry, "source", mount.source);
        put(entry, "options", mount.options);
        put(entry, "uidMappings", mappings_json(mount.uid_mappings));
        put(entry, "gidMappings", mappings_json(mount.gid_mappings));
        list.push_back(entry);
    }
    return list;
}

json hook_list_json(const std::vector<Hook>& hooks) {
    json list = json::array();
    for (const Hook& hook : hooks) {
        json entry{{"path", hook.path}};
        put(entry, "args", hook.args);
        put(entry, "env", hook.env);
        put(entry, "timeout", hook.timeout);
        list.push_back(entry);
    }
    return list;
}

json hooks_json(const Hooks& hooks) {
    json document = json::object();
    put(document, "prestart", hook_list_json(hooks.prestart));
    put(document, "createRuntime", hook_list_json(hooks.create_runtime));
    put(document, "createContainer", hook_list_json(hooks.create_container));
    put(document, "startContainer", hook_list_json(hooks.start_container));
    put(document, "poststart", hook_list_json(hooks.poststart));
    put(document, "poststop", hook_list_json(hooks.poststop));
    return document;
}

json rates_json(const std::vector<DeviceRate>& rates, const char* name) {
    json list = json::array();
    for (const DeviceRate& rate : rates) list.push_back({{"major", rate.major}, {"minor", rate.minor}, {name, rate.value}});
    return list;
}

json block_io_json(const Resources& resources) {
    json document = json::object();
    put(document, "weight", resources.blkio_weight);
    put(document, "weightDevice", rates_json(resources.blkio_weight_device, "weight"));
    put(document, "throttleReadBpsDevice", rates_json(resources.read_bps, "rate"));
    put(document, "throttleWriteBpsDevice", rates_json(resources.write_bps, "rate"));
    put(document, "throttleReadIOPSDevice", rates_json(resources.read_iops, "rate"));
    put(document, "throttleWriteIOPSDevice", rates_json(resources.write_iops, "rate"));
    return document;
}

json device_rules_json(const std::vector<DeviceRule>& rules) {
    json list = json::array();
    for (const DeviceRule& rule : rules) {
        if (!rule.read && !rule.write && !rule.mknod) continue; // without effect, while no letters would mean all of them
        json entry{{"allow", rule.allow}, {"type", std::string(1, rule.type)}};
        put(entry, "major", rule.major);
        put(entry, "minor", rule.minor);
        entry["access"] = std::string(rule.read ? "r" : "") + (rule.write ? "w" : "") + (rule.mknod ? "m" : "");
        list.push_back(entry);
    }
    return list;
}

json hugepages_json(const Resources& resources) {
    json list = json::array();
    for (const auto& [size, limit] : resources.hugepage_limits) list.push_back({{"pageSize", size}, {"limit", limit}});
    return list;
}

json rdma_json(const Resources& resources) {
    json devices = json::object();
    for (const Resources::Rdma& limit : resources.rdma) {
        json entry = json::object();
        put(entry, "hcaHandles", limit.hca_handles);
        put(entry, "hcaObjects", limit.hca_objects);
        devices[limit.device] = entry;
    }
    return devices;
}

json resources_json(const Resources& resources) {
    json cpu = json::object(), memory = json::object(), document = json::object();
    put(cpu, "shares", resources.cpu_shares);
    put(cpu, "quota", resources.cpu_quota);
    put(cpu, "period", resources.cpu_period);
    put(cpu, "burst", resources.cpu_burst);
    put(cpu, "idle", resources.cpu_idle);
    put(cpu, "cpus", resources.cpuset_cpus);
    put(cpu, "mems", resources.cpuset_mems);
    put(memory, "limit", resources.memory_limit);
    put(memory, "reservation", resources.memory_reservation);
    put(memory, "swap", resources.memory_swap);
    if (resources.memory_check_before_update) memory["checkBeforeUpdate"] = true;
    put(document, "cpu", cpu);
    put(document, "memory", memory);
    if (resources.pids_limit) document["pids"] = {{"limit", *resources.pids_limit}};
    put(document, "blockIO", block_io_json(resources));
    put(document, "devices", device_rules_json(resources.devices));
    put(document, "hugepageLimits", hugepages_json(resources));
    put(document, "rdma", rdma_json(resources));
    put(document, "unified", text_map(resources.unified));
    return document;
}

json devices_json(const std::vector<Device>& devices) {
    json list = json::array();
    for (const Device& device : devices) {
        json entry{{"path", device.path}, {"type", std::string(1, device.type)}};
        if (device.type != 'p') {
            entry["major"] = device.major;
            entry["minor"] = device.minor;
        }
        put(entry, "fileMode", device.file_mode);
        put(entry, "uid", device.uid);
        put(entry, "gid", device.gid);
        list.push_back(entry);
    }
    return list;
}

json time_offsets_json(const std::vector<TimeOffset>& offsets) {
    json clocks = json::object();
    for (const TimeOffset& offset : offsets) clocks[offset.clock] = {{"secs", offset.seconds}, {"nanosecs", offset.nanoseconds}};
    return clocks;
}

json linux_json(const RuntimeSpec& spec) {
    json document = json::object();
    put(document, "uidMappings", mappings_json(spec.uid_mappings));
    put(document, "gidMappings", mappings_json(spec.gid_mappings));
    for (const Namespace& n : spec.namespaces) {
        json entry{{"type", n.type}};
        put(entry, "path", n.path);
        document["namespaces"].push_back(entry);
    }
    put(document, "sysctl", text_map(spec.sysctl));
    put(document, "resources", resources_json(spec.resources));
    put(document, "cgroupsPath", spec.cgroups_path);
    put(document, "rootfsPropagation", spec.rootfs_propagation);
    put(document, "devices", devices_json(spec.devices));
    put(document, "timeOffsets", time_offsets_json(spec.time_offsets));
    put(document, "mountLabel", spec.mount_label);
    if (!spec.personality.empty()) document["personality"] = {{"domain", spec.personality}};
    if (spec.seccomp) document["seccomp"] = *spec.seccomp;
    put(document, "maskedPaths", spec.masked_paths);
    put(document, "readonlyPaths", spec.readonly_paths);
    return document;
}

} // namespace

std::string to_json_text(const RuntimeSpec& spec) {
    json document{{"ociVersion", "1.2.0"}};
    if (!spec.process.args.empty()) document["process"] = process_json(spec.process);
    document["root"] = {{"path", spec.root_path}, {"readonly", spec.root_readonly}};
    put(document, "hostname", spec.hostname);
    put(document, "domainname", spec.domainname);
    document["mounts"] = mounts_json(spec.mounts);
    put(document, "hooks", hooks_json(spec.hooks));
    put(document, "annotations", text_map(spec.annotations));
    document["linux"] = linux_json(spec);
    return document.dump(2, ' ', false, json::error_handler_t::replace);
}

} // namespace oci
