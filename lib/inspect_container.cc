// inspect: a container as a document with Podman's field names, so that scripts find what they look for.
//
// A field that Podman has and ctl has nothing to say about is there with the empty value where that is the truth (there are
// no SELinux labels), and listed in docs/podman-documents.md where it is not there.
#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_text.h"
#include "lib/exec_record.h"
#include "lib/inspect_parts.h"
#include "lib/signal_name.h"
#include "lib/time_point.h"
#include "netstack/addresses.h"
#include "rootless/cgroup.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

namespace lib {
namespace {

using nlohmann::json;

json state_document(const ContainerState& state) {
    return {{"OciVersion", "1.2.0"},
            {"Status", state.status == "starting" ? "initialized" : state.status},
            {"Running", state.status == "running"},
            {"Paused", state.status == "paused"},
            {"Restarting", state.status == "restarting"},
            {"StoppedByUser", state.stopped_by_user},
            {"OOMKilled", state.oom_killed},
            {"Dead", false},
            {"Pid", state.pid},
            {"ConmonPid", state.monitor_pid},
            {"ExitCode", state.exit_code},
            {"Error", state.error},
            {"StartedAt", inspect_time(state.started)},
            {"FinishedAt", inspect_time(state.finished)},
            {"CgroupPath", state.cgroup.directory()},
            {"CheckpointedAt", inspect_time(0)},
            {"RestoredAt", inspect_time(0)}};
}

std::string octal(std::uint32_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", mode);
    return text.data();
}

json exposed_document(const ContainerRecord& record) {
    json ports = json::object();
    for (const std::string& port : record.exposed_ports) ports[port] = json::object();
    for (const PortMapping& port : record.ports) ports[port.container_side()] = json::object();
    return ports;
}

json secrets_document(const ContainerRecord& record) {
    json list = json::array();
    for (const SecretRecord& secret : record.secrets)
        list.push_back({{"Name", secret.name}, {"ID", secret.id}, {"UID", secret.uid}, {"GID", secret.gid}, {"Mode", secret.mode}});
    return list;
}

json config_document(const ContainerRecord& record, const oci::RuntimeSpec& spec) {
    return {{"Hostname", spec.hostname},
            {"Domainname", ""},
            {"User", record.user},
            {"AttachStdin", false},
            {"AttachStdout", false},
            {"AttachStderr", false},
            {"Tty", record.tty},
            {"OpenStdin", record.interactive},
            {"StdinOnce", false},
            {"Env", spec.process.env},
            {"Cmd", record.command},
            {"Image", record.image},
            {"Volumes", nullptr},
            {"WorkingDir", spec.process.cwd},
            {"Entrypoint", record.entrypoint},
            {"OnBuild", nullptr},
            {"Labels", record.labels},
            {"Annotations", std::map<std::string, std::string>(spec.annotations.begin(), spec.annotations.end())},
            {"StopSignal", signal_name(record.stop_signal)},
            {"CreateCommand", record.create_command},
            {"Umask", octal(spec.process.user.umask.value_or(0022))},
            {"Timeout", record.timeout},
            {"StopTimeout", record.stop_timeout},
            {"sdNotifyMode", record.sdnotify},
            {"Timezone", asked_text(record, "tz")},
            {"Secrets", secrets_document(record)},
            {"ExposedPorts", exposed_document(record)}};
}

/// The fields that the settings as a whole and each network have in common.
json endpoint_document(const ContainerRecord& record, bool running) {
    const bool has_address = running && record.network == "default";
    const auto text = [&](const char* known) { return has_address ? known : ""; };
    return {{"EndpointID", ""},
            {"Gateway", text(netstack::gateway_v4_text)},
            {"IPAddress", text(netstack::container_v4_text)},
            {"IPPrefixLen", has_address ? netstack::prefix_v4 : 0},
            {"IPv6Gateway", text(netstack::gateway_v6_text)},
            {"GlobalIPv6Address", text(netstack::container_v6_text)},
            {"GlobalIPv6PrefixLen", has_address ? netstack::prefix_v6 : 0},
            {"MacAddress", ""}};
}

json network_document(const ContainerRecord& record, const ContainerState& state) {
    const bool running = state.pid > 0;
    json document = endpoint_document(record, running);
    document["Restarts"] = state.network_restarts;
    document["Bridge"] = "";
    document["SandboxID"] = "";
    document["HairpinMode"] = false;
    document["LinkLocalIPv6Address"] = "";
    document["LinkLocalIPv6PrefixLen"] = 0;
    document["SandboxKey"] = running && record.network != "host" ? cat("/proc/", state.pid, "/ns/net") : "";
    document["Ports"] = inspect_ports(running ? state.ports : record.ports);
    for (const std::string& port : record.exposed_ports)
        if (!document["Ports"].contains(port)) document["Ports"][port] = nullptr;
    document["Networks"] = json::object();
    if (record.network.find(':') != std::string::npos) return document; // somebody else's
    json& network = document["Networks"][record.network] = endpoint_document(record, running);
    network["NetworkID"] = record.network;
    network["DriverOpts"] = network["IPAMConfig"] = network["Links"] = nullptr;
    return document;
}

bool is_propagation(const std::string& word) {
    constexpr std::array words{"private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"};
    return std::ranges::find(words, word) != words.end();
}

/// What the user mounted; a tmpfs is in HostConfig, as in Podman.
json mounts_document(const ContainerRecord& record) {
    json list = json::array();
    for (const MountRecord& m : record.mounts) {
        if (m.type == "tmpfs") continue;
        json entry{{"Type", m.type},   {"Source", m.source},    {"Destination", m.destination}, {"Driver", m.name.empty() ? "" : "local"},
                   {"Mode", ""},       {"Options", json::array()}, {"RW", m.writable},          {"Propagation", ""}};
        if (!m.name.empty()) entry["Name"] = m.name;
        std::istringstream words(m.options);
        for (std::string word; std::getline(words, word, ',');) {
            if (is_propagation(word)) entry["Propagation"] = word;
            else if (word == "z" || word == "Z") entry["Mode"] = word;
            else if (word != "rw" && word != "ro") entry["Options"].push_back(word);
        }
        list.push_back(std::move(entry));
    }
    return list;
}

/// Topmost layer first, as the overlay mount has them.
json graph_driver_document(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record, StorageDriver driver) {
    const std::string_view name = to_string(driver);
    if (const std::string root = record.bound_root(); !root.empty()) return {{"Name", name}, {"Data", json::object()}};
    std::string lower = record.rootfs;
    for (auto layer = record.image_diff_ids.rbegin(); layer != record.image_diff_ids.rend(); ++layer)
        lower += cat(lower.empty() ? "" : ":", engine.paths.image_root(), "/layers/", layer->substr(layer->find(':') + 1), "/fs");
    return {{"Name", name}, {"Data", {{"LowerDir", lower}, {"UpperDir", dir.path() + "/upper"}, {"WorkDir", dir.path() + "/work"}}}};
}

/// What `exec -d` started: Podman's ids of those that run, and what became of the others.
void add_execs(json& document, const ContainerDir& dir, const std::string& boot_id) {
    document["ExecIDs"] = json::array();
    document["ExecSessions"] = json::array();
    for (const ExecRecord& exec : list_exec_records(dir, boot_id)) {
        if (exec.is_running) document["ExecIDs"].push_back(exec.id);
        document["ExecSessions"].push_back({{"ID", exec.id}, {"Command", exec.command}, {"User", exec.user}, {"Tty", exec.tty},
                                            {"Running", exec.is_running}, {"Pid", exec.is_running ? exec.pid : 0},
                                            {"ExitCode", exec.exit_code}, {"StartedAt", inspect_time(exec.started)},
                                            {"FinishedAt", inspect_time(exec.finished)}});
    }
}

/// The fields that are empty in every container of ctl.
json empty_document() {
    return {{"Pod", ""},             {"MountLabel", ""},
            {"ProcessLabel", ""},    {"AppArmorProfile", ""},
            {"Namespace", ""},       {"IsInfra", false},   {"IsService", false},    {"KubeExitCodePropagation", "invalid"},
            {"UseImageHosts", false}, {"UseImageHostname", false}};
}

std::string log_path_of(const ContainerDir& dir, const ContainerRecord& record) {
    if (!record.log.keeps_file()) return "";
    return record.log.path.empty() ? dir.path() + "/ctr.log" : record.log.path;
}

} // namespace

std::string inspect_time(std::int64_t time_ns) {
    if (time_ns == 0) return "0001-01-01T00:00:00Z";
    const auto text = format_rfc3339(time_ns);
    return {text.data(), text.size()};
}

std::vector<std::string> asked_list(const ContainerRecord& record, const std::string& option) {
    const auto found = record.asked.find(option);
    return found == record.asked.end() ? std::vector<std::string>{} : found->second;
}

std::string asked_text(const ContainerRecord& record, const std::string& option) {
    const auto values = asked_list(record, option);
    return values.empty() ? "" : values.front();
}

json inspect_ports(const std::vector<PortMapping>& ports) {
    json document = json::object();
    for (const PortMapping& p : ports)
        document[p.container_side()].push_back(
            {{"HostIp", p.host_ip.empty() ? "0.0.0.0" : p.host_ip}, {"HostPort", std::to_string(p.host_port)}});
    return document;
}

json container_document(const Engine& engine, const std::string& id_or_name) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    return oci::parse_json_text(files::read(dir.fd(), "config.json"), dir.path() + "/config.json");
}

json inspect_container(const Engine& engine, const std::string& id_or_name) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerRecord record = dir.load_record();
    const ContainerState state = dir.load_state();
    const std::string config = dir.path() + "/config.json";
    const oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), config);
    const std::string log_path = log_path_of(dir, record);
    const StorageDriver driver = state.status == "created" ? record.storage_driver.value_or(StorageDriver::overlay) : state.driver;
    json document = empty_document();
    document.update({{"Id", record.id},
                     {"Created", inspect_time(record.created)},
                     {"Path", spec.process.args.front()},
                     {"Args", std::vector<std::string>(spec.process.args.begin() + 1, spec.process.args.end())},
                     {"State", state_document(state)},
                     {"RestartCount", state.restart_count},
                     {"Dependencies", record.requires_ids},
                     {"Image", record.image_id.substr(record.image_id.find(':') + 1)},
                     {"ImageDigest", record.image_digest},
                     {"ImageName", record.image},
                     {"Name", record.name},
                     {"Rootfs", record.rootfs},
                     {"StaticDir", dir.path()},
                     {"PidFile", record.pid_file},
                     {"ConmonPidFile", record.monitor_pid_file},
                     {"OCIConfigPath", config},
                     {"OCIRuntime", record.runtime.empty() ? "ctl" : record.runtime.name},
                     {"HostnamePath", dir.path() + "/hostname"},
                     {"HostsPath", dir.path() + "/hosts"},
                     {"ResolvConfPath", dir.path() + "/resolv.conf"},
                     {"LogPath", log_path},
                     {"EffectiveCaps", spec.process.capabilities.effective},
                     {"BoundingCaps", spec.process.capabilities.bounding},
                     {"Driver", to_string(driver)},
                     {"GraphDriver", graph_driver_document(engine, dir, record, driver)},
                     {"Mounts", mounts_document(record)},
                     {"NetworkSettings", network_document(record, state)},
                     {"Config", config_document(record, spec)},
                     {"HostConfig", inspect_host_config(record, state, spec, log_path)}});
    add_execs(document, dir, engine.paths.boot_id);
    return document;
}

} // namespace lib
