// See lib/new_record.h.
#include "lib/new_record.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/names.h"
#include "lib/network_option.h"
#include "lib/publish.h"
#include "lib/restart_policy.h"
#include "lib/signal_name.h"
#include "lib/spec_builder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>

namespace lib {
namespace {

void add_label(std::map<std::string, std::string>& labels, const std::string& label, const std::string& where) {
    const auto equals = label.find('=');
    if (equals == 0 || label.empty()) throw Error(where, " \"", label, "\": the name is missing");
    labels[label.substr(0, equals)] = equals == std::string::npos ? "" : label.substr(equals + 1);
}

void add_label_file(std::map<std::string, std::string>& labels, const std::string& file) {
    std::istringstream lines(files::read_named(file, "--label-file"));
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        line.erase(0, line.find_first_not_of(" \t"));
        if (!line.empty() && line.front() != '#') add_label(labels, line, cat("--label-file ", file, ":"));
    }
}

std::map<std::string, std::string> labels_of(const CreateRequest& request, const oci::ImageConfig& image) {
    std::map<std::string, std::string> labels = image.labels;
    for (const std::string& file : request.life.label_files) add_label_file(labels, file);
    for (const std::string& label : request.labels) add_label(labels, label, "--label");
    return labels;
}

void set_life(ContainerRecord& record, const CreateRequest& request) {
    record.timeout = request.life.timeout;
    record.sdnotify = request.life.sdnotify.empty() ? "container" : request.life.sdnotify;
    record.pid_file = absolute_path(request.life.pid_file);
    record.monitor_pid_file = absolute_path(request.life.monitor_pid_file);
    record.cgroup_mode = request.cgroup.mode.empty() ? "enabled" : request.cgroup.mode;
    record.cgroup_parent = request.cgroup.parent;
    record.cgroup_manager = request.cgroup.manager;
    record.no_keyring = !request.process.keyring;
    record.init = request.init && request.process.init_path.empty();
}

/// What only `inspect` asks for.
void set_asked(ContainerRecord& record, const CreateRequest& request) {
    const auto set = [&](const char* option, const std::vector<std::string>& values) {
        if (!values.empty() && values.front() != "") record.asked[option] = values;
    };
    set("dns", request.names.dns);
    set("dns-search", request.names.dns_searches);
    set("dns-option", request.names.dns_options);
    set("add-host", request.names.add_hosts);
    set("hosts-file", {request.names.hosts_file});
    set("group-add", request.process.group_add);
    set("security-opt", request.security_opt);
    set("volumes-from", request.volumes_from);
    set("tz", {request.process.timezone});
    set("cidfile", {request.life.cid_file});
    set("default-capability", request.process.default_capabilities);
}

/// -P: what is not published already.
void publish_exposed(ContainerRecord& record) {
    record.asked["publish-all"] = {"true"};
    for (const std::string& exposed : record.exposed_ports)
        for (const PortMapping& port : parse_publish(exposed))
            if (std::ranges::find(record.ports, port.container_side(), &PortMapping::container_side) == record.ports.end()) record.ports.push_back(port);
}

} // namespace

std::string absolute_path(const std::string& path) {
    if (path.empty() || path.front() == '/') return path;
    const std::unique_ptr<char, decltype(&std::free)> here(::getcwd(nullptr, 0), &std::free);
    if (!here) throw SysError{errno, "tell the working directory"};
    return cat(here.get(), "/", path);
}

LogSettings make_log_settings(const CreateRequest& request, const ContainerRecord& record) {
    LogSettings log = parse_log_settings(request.log_driver, request.log_options);
    if (log.passes_through() && request.tty)
        throw Error("--tty and --log-driver=", to_string(log.driver), " exclude each other: one makes a terminal, the other passes yours on");
    log.path = absolute_path(log.path);
    log.tag = expand_tag(log.tag, {record.id, record.name, record.image, record.image_id.empty() ? "" : storage::digest_hex(record.image_id)});
    return log;
}

ContainerRecord make_record(const CreateRequest& request, const storage::Image& image, const oci::ImageConfig& config,
                            const ContainerMounts& mounts, const NamespaceModes& modes) {
    ContainerRecord record;
    record.name = request.name.empty() ? random_container_name() : request.name;
    if (!request.rootfs) record.image = image.names.empty() ? storage::digest_hex(image.id) : image.names.front();
    record.image_id = image.id;
    record.image_digest = image.manifest_digest;
    record.image_diff_ids = image.diff_ids;
    record.created = sys::realtime_ns();
    record.create_command = request.create_command;
    const CommandLine words = command_line(request, config);
    record.entrypoint = words.entrypoint;
    record.command = words.command;
    record.user = request.user.value_or(config.user);
    for (const auto& [type, mode] : modes) record.namespaces[type] = mode.word;
    record.network = modes.at("network").word;
    record.network_settings = parse_network_option(request.network).settings;
    record.namespaces.erase("network");
    for (const std::string& word : request.publish)
        for (const PortMapping& port : parse_publish(word)) record.ports.push_back(port);
    record.exposed_ports = exposed_ports(config.exposed_ports, request.expose);
    if (request.publish_all) publish_exposed(record);
    record.labels = labels_of(request, config);
    record.mounts = mounts.records;
    record.mounted_images = mounts.images;
    record.anonymous_volumes = mounts.anonymous_volumes;
    const std::string signal = request.stop_signal.value_or(config.stop_signal);
    record.stop_signal = parse_signal(signal.empty() ? "SIGTERM" : signal);
    record.stop_timeout = request.stop_timeout.value_or(10);
    if (parse_restart_policy(request.restart).when != RestartWhen::never) record.restart_policy = request.restart;
    record.auto_remove = request.remove;
    record.auto_remove_image = request.remove_image;
    record.interactive = request.interactive;
    record.tty = request.tty;
    record.make_cwd = !request.workdir;
    record.privileged = request.privileged;
    set_life(record, request);
    set_asked(record, request);
    return record;
}

std::vector<std::string> required_ids(const Engine& engine, const CreateRequest& request, const NamespaceModes& modes) {
    std::vector<std::string> ids;
    const auto add = [&](const std::string& id) {
        if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    };
    for (const std::string& name : request.required) add(ContainerDir::open(engine, name).id());
    for (const auto& [type, mode] : modes)
        if (mode.kind == NamespaceKind::container) add(mode.target);
    return ids;
}

void set_runner(const Engine& engine, ContainerRecord& record) {
    record.runner_pid = ::getpid();
    record.runner_start = find_process_start(::getpid()).value_or(0);
    record.runner_boot = engine.paths.boot_id;
}

} // namespace lib
