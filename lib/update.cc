// update, see lib/update.h.
#include "lib/update.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/given_cgroup.h"
#include "lib/given_ports.h"
#include "lib/limits.h"
#include "lib/processes.h"
#include "lib/publish.h"
#include "lib/restart_policy.h"

#include <algorithm>

namespace lib {
namespace {

bool is_limit(const rootless::Limits& limits) { return !limits.controllers().empty() || !limits.files.empty(); }

/// The processes that can be moved; what has ended and was not waited for stays where it was.
std::vector<ProcessInfo> living_processes(const ContainerState& state) {
    std::vector<ProcessInfo> processes = container_processes(state);
    std::erase_if(processes, [](const ProcessInfo& p) { return p.state == 'Z' || p.state == 'X'; });
    return processes;
}

/// A container without limits was started without a cgroup, wherever its caller was.
rootless::CgroupPlan move_to_cgroup(Engine& engine, const ContainerRecord& record, const ContainerState& state,
                                    const oci::Resources& resources) {
    if (record.cgroup_mode == "no-conmon")
        throw Error("container ", record.name, " was made with --cgroups=no-conmon, so it cannot have limits: the monitor keeps the container's scope alive");
    auto plan = rootless::prepare_cgroup(cgroup_request(record, resources), rootless::CgroupHost::detect(engine.paths));
    for (const ProcessInfo& process : living_processes(state))
        if (!rootless::can_move(plan, process.pid, process.real_uid))
            throw Error("container ", record.name, " was started without limits in the cgroup of a login session, out of which its process ",
                        process.pid, " (", process.name, "), which runs as another user in the container, cannot be moved; stop the "
                        "container first, then it is started with the limits");
    rootless::move_in(plan, state.monitor_pid, [&] {
        std::vector<pid_t> pids;
        for (const ProcessInfo& process : living_processes(state)) pids.push_back(process.pid);
        return pids;
    });
    return plan;
}

void change_running(Engine& engine, const ContainerDir& dir, const ContainerRecord& record, const ContainerState& state,
                    const oci::Resources& resources, const Notice& notice) {
    const rootless::Limits limits = limits_of(resources);
    if (state.cgroup.manager != rootless::CgroupManager::none) {
        rootless::change_limits(state.cgroup, limits);
        return;
    }
    if (!is_limit(limits)) return; // there is none to be taken away
    if (!dir.has_monitor())
        throw Error("container ", record.name, " was started without limits and has lost its monitor, so it cannot have any now; stop it "
                    "first, then it is started with them");
    const rootless::CgroupPlan plan = move_to_cgroup(engine, record, state, resources);
    hand_over_cgroup(dir, record, plan);
    rootless::change_limits(plan, limits);
    if (!notice) return;
    if (limits.memory.value_or(0) > 0) notice(cat("the memory that ", record.name, " has used until now is not counted before its next start"));
    if (plan.ends_at_logout) notice(cat("container ", record.name, " now ends with your last session; `loginctl enable-linger` keeps it running"));
}

bool is_meant(const PortMapping& port, const PortMapping& wanted, bool any_host_port) {
    return any_host_port ? port.container_port == wanted.container_port && port.transport == wanted.transport : port == wanted;
}

std::vector<PortMapping> without(std::vector<PortMapping> ports, const std::vector<std::string>& words, const std::string& name) {
    for (const std::string& word : words)
        for (const PortMapping& wanted : parse_publish(word)) {
            const bool alone = word.find(':') == std::string::npos;
            if (std::erase_if(ports, [&](const PortMapping& port) { return is_meant(port, wanted, alone); }) == 0)
                throw Error("--publish-rm ", word, ": container ", name, " publishes no such port; see ctl port ", name);
        }
    return ports;
}

std::vector<PortMapping> with(std::vector<PortMapping> ports, const std::vector<std::string>& words, const std::string& name) {
    for (const std::string& word : words)
        for (PortMapping& port : parse_publish(word)) {
            if (std::ranges::find(ports, port) != ports.end())
                throw Error("--publish-add ", word, ": container ", name, " publishes this port already");
            ports.push_back(std::move(port));
        }
    return ports;
}

} // namespace

std::string update_ports(const Engine& engine, const std::string& id_or_name, const std::vector<std::string>& add,
                         const std::vector<std::string>& remove) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const FileLock lock = dir.lock(); // neither started nor removed meanwhile
    ContainerRecord record = dir.load_record();
    if (record.network != "default")
        throw Error("container ", record.name, " has the network \"", record.network, "\", where no ports are published");
    record.ports = with(without(std::move(record.ports), remove, record.name), add, record.name);
    const ContainerState state = dir.load_state();
    if (find_container_process(state) || state.status == "restarting") hand_over_ports(dir, record, record.ports);
    dir.save_record(record);
    return record.id;
}

std::string update_container(Engine& engine, const std::string& id_or_name, const LimitOptions& limits, const Notice& notice) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const FileLock lock = dir.lock(); // neither started nor removed meanwhile
    const ContainerRecord record = dir.load_record();
    if (record.cgroup_mode == "disabled") throw Error("container ", record.name, " was made with --cgroups=disabled, so it cannot have limits");
    oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json");
    change_resources(spec.resources, limits);
    const ContainerState state = dir.load_state();
    if (find_container_process(state)) change_running(engine, dir, record, state, spec.resources, notice);
    else if (state.status == "restarting" && state.cgroup.manager == rootless::CgroupManager::none && is_limit(limits_of(spec.resources)))
        throw Error("container ", record.name, " was started without limits and is between two runs, so it cannot have any now; stop it first");
    drop_unlimited(spec.resources);
    files::write_atomic(dir.fd(), "config.json", oci::to_json_text(spec), 0600, files::Durability::synced);
    announce_limits(dir);
    return record.id;
}

std::string update_restart_policy(const Engine& engine, const std::string& id_or_name, const std::string& policy, const Notice& notice) {
    const bool never = parse_restart_policy(policy).when == RestartWhen::never;
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const FileLock lock = dir.lock(); // neither started nor removed meanwhile
    ContainerRecord record = dir.load_record();
    if (record.auto_remove && !never) throw Error("container ", record.name, " was made with --rm: --restart=", policy, " and that exclude each other");
    const bool waits = record.restart_policy.empty() && !never && dir.has_monitor();
    record.restart_policy = never ? "" : policy;
    dir.save_record(record);
    if (waits && notice) notice(cat("container ", record.name, " runs without a restart policy and has the new one from its next start on"));
    return record.id;
}

} // namespace lib
