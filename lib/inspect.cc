// inspect: containers and images as documents with Podman's field names, so that scripts find what they look for.
#include "base/error.h"
#include "base/files.h"
#include "base/oci/image_config.h"
#include "base/oci/reference.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/exec_record.h"
#include "lib/resolve_image.h"
#include "lib/signal_name.h"
#include "lib/time_point.h"
#include "storage/store.h"

#include <nlohmann/json.hpp>

namespace lib {
namespace {

using nlohmann::json;

/// Go's zero time is what "not yet" looks like in Podman's documents.
std::string time_text(std::int64_t ns) {
    if (ns == 0) return "0001-01-01T00:00:00Z";
    const auto text = format_rfc3339(ns);
    return {text.data(), text.size()};
}

json state_document(const ContainerState& state) {
    return {{"OciVersion", "1.2.0"},       {"Status", state.status},
            {"Running", state.status == "running"}, {"Paused", false},
            {"Restarting", false},         {"OOMKilled", state.oom_killed},
            {"Dead", false},               {"Pid", state.pid},
            {"ConmonPid", state.monitor_pid}, {"ExitCode", state.exit_code},
            {"Error", state.error},        {"StartedAt", time_text(state.started)},
            {"FinishedAt", time_text(state.finished)}, {"CgroupPath", state.cgroup.directory()}};
}

json config_document(const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    return {{"Hostname", spec.hostname},   {"User", record.user},
            {"Env", spec.process.env},     {"Cmd", record.command},
            {"Entrypoint", record.entrypoint}, {"Image", record.image},
            {"WorkingDir", spec.process.cwd}, {"Labels", record.labels},
            {"Tty", record.tty},           {"OpenStdin", record.interactive},
            {"StopSignal", signal_name(record.stop_signal)}, {"StopTimeout", record.stop_timeout},
            {"CreateCommand", record.create_command}, {"Umask", "0022"}};
}

json host_config_document(const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    const oci::Resources& limits = spec.resources;
    json document{{"AutoRemove", record.auto_remove}, {"NetworkMode", record.network},
                  {"Privileged", record.privileged},  {"ReadonlyRootfs", spec.root_readonly},
                  {"Init", record.init},              {"Memory", limits.memory_limit.value_or(0)},
                  {"PidsLimit", limits.pids_limit.value_or(0)}, {"CpuQuota", limits.cpu_quota.value_or(0)},
                  {"CpuPeriod", limits.cpu_quota ? limits.cpu_period.value_or(0) : 0}};
    document["NanoCpus"] = limits.cpu_quota && limits.cpu_period ? *limits.cpu_quota * 1'000'000'000 / static_cast<std::int64_t>(*limits.cpu_period) : 0;
    document["Binds"] = json::array();
    for (const MountRecord& m : record.mounts)
        if (m.type != "tmpfs") document["Binds"].push_back(cat(m.name.empty() ? m.source : m.name, ":", m.destination, ":", m.options));
    document["PortBindings"] = json::object();
    for (const PortMapping& p : record.ports)
        document["PortBindings"][cat(p.container_port, "/tcp")].push_back(
            {{"HostIp", p.host_ip}, {"HostPort", std::to_string(p.host_port)}});
    document["CapAdd"] = json::array();
    document["CapDrop"] = json::array();
    return document;
}

json network_document(const ContainerRecord& record, const ContainerState& state) {
    const bool running = state.status == "running";
    json ports = json::object();
    for (const PortMapping& p : running ? state.ports : record.ports)
        ports[cat(p.container_port, "/tcp")].push_back(
            {{"HostIp", p.host_ip.empty() ? "0.0.0.0" : p.host_ip}, {"HostPort", std::to_string(p.host_port)}});
    return {{"Ports", ports}, {"IPAddress", running && record.network == "default" ? "10.88.0.2" : ""},
            {"SandboxKey", running ? cat("/proc/", state.pid, "/ns/net") : ""}};
}

json mounts_document(const ContainerRecord& record) {
    json list = json::array();
    for (const MountRecord& m : record.mounts) {
        json entry{{"Type", m.type}, {"Source", m.source}, {"Destination", m.destination}, {"RW", m.writable}};
        if (!m.name.empty()) entry["Name"] = m.name;
        entry["Options"] = m.options;
        list.push_back(entry);
    }
    return list;
}

} // namespace

/// What `exec -d` started: Podman's ids of those that run, and what became of the others.
void add_execs(json& document, const ContainerDir& dir, const std::string& boot_id) {
    document["ExecIDs"] = json::array();
    document["ExecSessions"] = json::array();
    for (const ExecRecord& exec : list_exec_records(dir, boot_id)) {
        if (exec.is_running) document["ExecIDs"].push_back(exec.id);
        document["ExecSessions"].push_back({{"ID", exec.id}, {"Command", exec.command}, {"User", exec.user}, {"Tty", exec.tty},
                                            {"Running", exec.is_running}, {"Pid", exec.is_running ? exec.pid : 0},
                                            {"ExitCode", exec.exit_code}, {"StartedAt", time_text(exec.started)},
                                            {"FinishedAt", time_text(exec.finished)}});
    }
}

json inspect_container(const Engine& engine, const std::string& id_or_name) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerRecord record = dir.load_record();
    const ContainerState state = dir.load_state();
    const std::string config = dir.path() + "/config.json";
    const oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), config);
    json document{{"Id", record.id},
            {"Created", time_text(record.created)},
            {"Path", spec.process.args.front()},
            {"Args", std::vector<std::string>(spec.process.args.begin() + 1, spec.process.args.end())},
            {"State", state_document(state)},
            {"Image", record.image_id.substr(record.image_id.find(':') + 1)},
            {"ImageName", record.image},
            {"Name", record.name},
            {"OCIConfigPath", config},
            {"HostnamePath", dir.path() + "/hostname"},
            {"HostsPath", dir.path() + "/hosts"},
            {"ResolvConfPath", dir.path() + "/resolv.conf"},
            {"LogPath", record.log.keeps_file() ? (record.log.path.empty() ? dir.path() + "/ctr.log" : record.log.path) : ""},
            {"EffectiveCaps", spec.process.capabilities.effective},
            {"BoundingCaps", spec.process.capabilities.bounding},
            {"Driver", "overlay"},
            {"Mounts", mounts_document(record)},
            {"NetworkSettings", network_document(record, state)},
            {"Config", config_document(record, spec)},
            {"HostConfig", host_config_document(record, spec)}};
    add_execs(document, dir, engine.paths.boot_id);
    return document;
}

json inspect_image(const Engine& engine, const std::string& name_or_id) {
    const storage::Image image = get_local_image(engine, name_or_id).image;
    const oci::ImageConfig config = oci::parse_image_config(image.config_json);
    std::vector<std::string> exposed = config.exposed_ports;
    return {{"Id", storage::digest_hex(image.id)},
            {"Digest", image.manifest_digest},
            {"RepoTags", image.names},
            {"RepoDigests", image.repo_digests},
            {"Created", config.created},
            {"Size", image.size},
            {"Author", config.author},
            {"Architecture", config.platform.architecture},
            {"Os", config.platform.os},
            {"Labels", config.labels},
            {"Config",
             {{"User", config.user}, {"Env", config.env}, {"Entrypoint", config.entrypoint.value_or(std::vector<std::string>{})},
              {"Cmd", config.cmd.value_or(std::vector<std::string>{})}, {"WorkingDir", config.working_dir},
              {"Labels", config.labels}, {"StopSignal", config.stop_signal}, {"ExposedPorts", exposed},
              {"Volumes", config.volumes}}},
            {"RootFS", {{"Type", "layers"}, {"Layers", image.diff_ids}}}};
}

} // namespace lib
