// create: a container's record, nothing running yet. See lib/run.h.
#include "base/files.h"
#include "base/oci/image_config.h"
#include "base/sys.h"
#include "lib/container_mounts.h"
#include "lib/container_store.h"
#include "lib/create_internal.h"
#include "lib/names.h"
#include "lib/namespaces.h"
#include "lib/publish.h"
#include "lib/resolve_image.h"
#include "lib/signal_name.h"
#include "lib/spec_builder.h"
#include "netstack/addresses.h"
#include "storage/merged_view.h"
#include "storage/store.h"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

namespace lib {
namespace {

void check_request(const CreateRequest& request) {
    if (!request.name.empty()) check_container_name(request.name);
    if (!request.userns.empty())
        throw Error("--userns=", request.userns, ": not supported yet; leave it out for the default map");
}

std::vector<int> borrow(const std::vector<UniqueFd>& fds) {
    std::vector<int> numbers;
    for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
    return numbers;
}

/// The image's own passwd and group files decide who a name is.
ResolvedUser look_up_user(const std::string& user, const storage::OpenLayers& layers) {
    const std::vector<int> fds = borrow(layers.fs);
    const auto read = [&](const char* path) { return storage::find_file(fds, path, user_file_limit).value_or(""); };
    return resolve_user(user, read("etc/passwd"), read("etc/group"));
}

std::map<std::string, std::string> labels_of(const CreateRequest& request, const oci::ImageConfig& image) {
    std::map<std::string, std::string> labels = image.labels;
    for (const std::string& label : request.labels) {
        const auto equals = label.find('=');
        if (equals == 0 || label.empty()) throw Error("--label \"", label, "\": the name is missing");
        labels[label.substr(0, equals)] = equals == std::string::npos ? "" : label.substr(equals + 1);
    }
    return labels;
}

std::string host_hostname() {
    struct utsname names {};
    ::uname(&names);
    return names.nodename;
}

/// The name the container has, or finds where it goes.
std::string choose_hostname(const Engine& engine, const CreateRequest& request, const NamespaceModes& modes, const std::string& id) {
    const NamespaceMode& uts = modes.at("uts");
    if (uts.kind == NamespaceKind::container) {
        const auto other = ContainerDir::open(engine, uts.target);
        std::string name = files::find(other.fd(), "hostname").value_or("");
        while (name.ends_with('\n')) name.pop_back();
        return name;
    }
    const bool host = uts.kind == NamespaceKind::host || modes.at("network").kind == NamespaceKind::host;
    return request.hostname.value_or(host ? host_hostname() : id.substr(0, 12));
}

void check_hostname(const std::string& name) {
    const bool good = !name.empty() && name.size() <= 64
                      && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c < 127 && c != '/'; });
    if (!good) throw Error("--hostname \"", name, "\": up to 64 printable characters without blanks are allowed");
}

std::string hosts_file(const std::string& network, const std::string& hostname, const std::string& name) {
    if (network == "host") return files::find("/etc/hosts").value_or("127.0.0.1 localhost\n::1 localhost\n");
    const char* own = network == "default" ? netstack::container_v4_text : "127.0.0.1";
    return cat("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", own, "\t", hostname,
               name.empty() ? "" : " ", name, "\n");
}

/// The host's resolvers. One on the host's loopback is out of reach from another network namespace.
std::string resolver_file(const std::string& network) {
    std::istringstream lines(files::find("/etc/resolv.conf").value_or(""));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        const bool loopback = line.starts_with("nameserver 127.") || line.starts_with("nameserver ::1");
        if (network == "host" || !loopback) text += line + "\n";
    }
    return text;
}

/// What the options ask for, with the path from the directory we are in (the monitor is in another) and the tag in full: a
/// new name does not change it.
LogSettings make_log_settings(const CreateRequest& request, const ContainerRecord& record) {
    LogSettings log = parse_log_settings(request.log_driver, request.log_options);
    if (log.passes_through() && request.tty)
        throw Error("--tty and --log-driver=", to_string(log.driver), " exclude each other: one makes a terminal, the other passes yours on");
    if (!log.path.empty() && !log.path.starts_with('/')) log.path = std::filesystem::current_path().string() + "/" + log.path;
    log.tag = expand_tag(log.tag, {record.id, record.name, record.image, storage::digest_hex(record.image_id)});
    return log;
}

ContainerRecord make_record(const CreateRequest& request, const storage::Image& image, const oci::ImageConfig& config,
                            const ContainerMounts& mounts, const NamespaceModes& modes) {
    ContainerRecord record;
    record.name = request.name.empty() ? random_container_name() : request.name;
    record.image = image.names.empty() ? storage::digest_hex(image.id) : image.names.front();
    record.image_id = image.id;
    record.image_diff_ids = image.diff_ids;
    record.created = sys::realtime_ns();
    const CommandLine words = command_line(request, config);
    record.entrypoint = words.entrypoint;
    record.command = words.command;
    record.user = request.user.value_or(config.user);
    for (const auto& [type, mode] : modes) record.namespaces[type] = mode.word;
    record.network = modes.at("network").word;
    record.namespaces.erase("network");
    for (const std::string& word : request.publish)
        for (const PortMapping& port : parse_publish(word)) record.ports.push_back(port);
    record.labels = labels_of(request, config);
    record.mounts = mounts.records;
    record.anonymous_volumes = mounts.anonymous_volumes;
    const std::string signal = request.stop_signal.value_or(config.stop_signal);
    record.stop_signal = parse_signal(signal.empty() ? "SIGTERM" : signal);
    record.stop_timeout = request.stop_timeout.value_or(10);
    record.auto_remove = request.remove;
    record.interactive = request.interactive;
    record.tty = request.tty;
    record.init = request.init;
    record.make_cwd = !request.workdir;
    record.privileged = request.privileged;
    return record;
}

} // namespace

Created create_record(Engine& engine, const CreateRequest& request, const Callbacks& callbacks) {
    check_request(request);
    engine.load_maps();
    engine.paths.ensure();
    const NamespaceModes modes = choose_namespaces(engine, request);
    storage::Store store(engine.paths);
    const storage::Image image = resolve_image(engine, request.image, request.pull, callbacks);
    const oci::ImageConfig config = oci::parse_image_config(image.config_json);
    const auto mode = engine.maps.is_single() ? storage::IdMode::single : storage::IdMode::subordinate;
    storage::OpenLayers layers = store.open_layers(image, mode);

    const std::string id = sys::random_hex(32);
    const std::string hostname = choose_hostname(engine, request, modes, id);
    check_hostname(hostname);
    ContainerMounts mounts = prepare_mounts(engine, request, config);
    ContainerRecord record = make_record(request, image, config, mounts, modes);
    record.id = id;
    record.log = make_log_settings(request, record);
    record.single_id = engine.maps.is_single();
    const std::string dir = engine.paths.data + "/containers/" + id;
    oci::RuntimeSpec spec = build_spec({request, config, engine.maps, look_up_user(record.user, layers), id, hostname, dir,
                                        std::move(mounts.mounts), modes});
    publish_container(engine, record, oci::to_json_text(spec),
                      {{"hosts", hosts_file(record.network, hostname, record.name)}, {"hostname", hostname + "\n"},
                       {"resolv.conf", resolver_file(record.network)}});
    fill_volumes(engine, mounts.to_fill, borrow(layers.fs), dir + "/merged");
    return {{id, {}}, std::move(record), std::move(spec), std::move(layers)};
}

CreateResult create_container(Engine& engine, const CreateRequest& request, const Callbacks& callbacks) {
    return create_record(engine, request, callbacks).result;
}

} // namespace lib
