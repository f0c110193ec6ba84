// create: a container's record, nothing running yet. See lib/run.h.
#include "base/files.h"
#include "base/oci/image_config.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/cleanup.h"
#include "lib/container_devices.h"
#include "lib/container_mounts.h"
#include "lib/container_secrets.h"
#include "lib/container_store.h"
#include "lib/create_internal.h"
#include "lib/events.h"
#include "lib/id_maps.h"
#include "lib/limits.h"
#include "lib/made_files.h"
#include "lib/names.h"
#include "lib/namespaces.h"
#include "lib/new_record.h"
#include "lib/publish.h"
#include "lib/resolve_image.h"
#include "lib/restart_policy.h"
#include "lib/rootfs.h"
#include "lib/signal_name.h"
#include "lib/spec_builder.h"
#include "lib/systemd_mode.h"
#include "lib/user_files.h"
#include "rootless/plan.h"
#include "storage/merged_view.h"
#include "storage/store.h"

#include <sys/utsname.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace lib {
namespace {

/// Podman's modes that come down to "as usual" without limits, and cannot be had with them.
void check_cgroup(const CreateRequest& request) {
    const bool limited = !make_resources(request.limits).empty();
    if (request.cgroup.mode == "disabled" && (limited || !request.cgroup.parent.empty()))
        throw Error("--cgroups=disabled and limits or --cgroup-parent exclude each other: limits are held by a cgroup");
    if (request.cgroup.mode == "split" && !request.cgroup.parent.empty())
        throw Error("--cgroups=split and --cgroup-parent exclude each other: split means the caller's own cgroup");
    if (request.cgroup.mode == "no-conmon" && limited)
        throw Error("--cgroups=no-conmon with limits is not supported: the monitor keeps the container's scope alive");
}

void check_request(const CreateRequest& request) {
    check_cgroup(request);
    if (!request.name.empty()) check_container_name(request.name);
    if (request.remove && parse_restart_policy(request.restart).when != RestartWhen::never)
        throw Error("--rm and --restart=", request.restart, " exclude each other");
    if (request.rootfs && request.remove_image) throw Error("--rootfs and --rmi exclude each other: there is no image to remove");
    if (request.rootfs && !request.platform.empty()) throw Error("--rootfs and --platform exclude each other: there is no image to choose");
}

/// What the container is made from: an image, or with --rootfs a directory, which has the config of an empty one.
struct Origin {
    storage::Image image;
    oci::ImageConfig config;
    storage::OpenLayers layers;
    Rootfs rootfs; ///< an empty path: it is the image
};

Origin open_origin(Engine& engine, const CreateRequest& request, storage::IdMode mode, const Callbacks& callbacks) {
    if (request.rootfs) {
        Rootfs rootfs = parse_rootfs(request.image);
        storage::OpenLayers layers = open_rootfs(rootfs.path);
        return {{}, {}, std::move(layers), std::move(rootfs)};
    }
    storage::Image image = resolve_image(engine, {request.image, request.pull, request.platform, request.registry}, callbacks);
    oci::ImageConfig config = oci::parse_image_config(image.config_json);
    storage::OpenLayers layers = storage::Store(engine.paths).open_layers(image, mode);
    return {std::move(image), std::move(config), std::move(layers), {}};
}

std::vector<int> borrow(const std::vector<UniqueFd>& fds) {
    std::vector<int> numbers;
    for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
    return numbers;
}

/// The image's own passwd and group files decide who a name is.
UserFileTexts read_user_files(const storage::OpenLayers& layers) {
    const std::vector<int> fds = borrow(layers.fs);
    const auto read = [&](const char* path) { return storage::find_file(fds, path, user_file_limit).value_or(""); };
    return {read("etc/passwd"), read("etc/group")};
}

ResolvedUser look_up_user(const Engine& engine, const std::string& spec, const ProcessOptions& options, const UserFileTexts& image) {
    ResolvedUser user = resolve_user(spec, image.passwd, image.group);
    if (engine.maps.is_single()) keep_primary_group(user);
    for (const std::string& name : options.group_add) {
        if (keeps_groups(options)) break;
        if (name == "keep-groups") throw Error("--group-add: keep-groups keeps your own groups and cannot be combined with others");
        const std::uint32_t gid = resolve_group(name, image.group);
        if (std::ranges::find(user.groups, gid) == user.groups.end()) user.groups.push_back(gid);
    }
    return user;
}

UserFileTexts additions_to_user_files(const UserFileOptions& options, const ResolvedUser& user, const UserFileTexts& image) {
    UserFileTexts machine;
    if (!options.host_users.empty())
        machine = {files::find("/etc/passwd").value_or(""), files::find("/etc/group").value_or("")};
    return missing_user_entries(options, user, image, machine);
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

std::string init_program(const CreateRequest& request) {
    if (request.process.init_path.empty() || !request.init) return {};
    const std::string path = absolute_path(request.process.init_path);
    if (::access(path.c_str(), X_OK) != 0) throw SysError{errno, cat("--init-path ", path)};
    return path;
}

/// --replace: the container that has the name now.
void remove_predecessor(Engine& engine, const CreateRequest& request) {
    if (!request.life.replace) return;
    if (request.name.empty()) throw Error("--replace needs --name");
    // By name alone: the start of somebody's id must not do.
    if (!sys::find_link_at(AT_FDCWD, cat(engine.paths.data, "/names/", request.name))) return;
    remove_container(engine, request.name, {.force = true, .volumes = false, .timeout = {}});
}

/// keep-id's user is known inside by her own name; at home she is where her home is mounted, else in the working directory.
void introduce_caller(const Engine& engine, const CreateRequest& request, const oci::ImageConfig& image,
                      const std::vector<MountRecord>& mounts, ResolvedUser& user, UserFileOptions& options) {
    const char* home = std::getenv("HOME");
    const bool mounted = home != nullptr && std::ranges::find(mounts, home, &MountRecord::destination) != mounts.end();
    user.home = mounted ? home : request.workdir.value_or(image.working_dir.empty() ? "/" : image.working_dir);
    const std::string& name = engine.paths.user;
    const bool plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; });
    if (!plain) return;
    if (options.passwd_entry.empty()) options.passwd_entry = cat(name, ":*:$UID:$GID:", name, ":$HOME:/bin/sh");
    const auto group = find_group_name(files::find("/etc/group").value_or(""), static_cast<std::uint32_t>(::getgid()));
    if (options.group_entry.empty() && group) options.group_entry = cat(*group, ":x:$GID:", name);
}

bool is_systemd(const CreateRequest& request, const oci::ImageConfig& config) {
    const CommandLine words = command_line(request, config);
    return wants_systemd(request.files.systemd, words.entrypoint.empty() ? words.command : words.entrypoint);
}

MountContext mount_context(Engine& engine, const CreateRequest& request, const Callbacks& callbacks, const std::string& dir,
                           const ResolvedUser& user, bool systemd) {
    MountContext context;
    context.container_dir = dir;
    context.uid = user.uid;
    context.gid = user.gid;
    context.selinux = is_selinux_enabled();
    context.systemd = systemd;
    const PullPolicy pull = request.pull == PullPolicy::never ? PullPolicy::never : PullPolicy::missing;
    context.find_image = [&engine, &callbacks, &request, pull](const std::string& name) { return resolve_image(engine, {name, pull, request.platform, request.registry}, callbacks); };
    return context;
}

/// Owners and content of what the published container has: its secrets, its new volumes, and what option U gives to its user.
void furnish(Engine& engine, const ContainerRecord& record, const storage::OpenLayers& layers, const rootless::IdMaps& maps,
             const ResolvedUser& user, const ContainerMounts& mounts) {
    const std::string dir = new_container_path(engine, record.id);
    const auto uid_in_store = [&](unsigned inside) { return in_store(maps.uids, engine.maps.uids, inside); };
    const auto gid_in_store = [&](unsigned inside) { return in_store(maps.gids, engine.maps.gids, inside); };
    own_secret_files(engine, record.secrets, dir, {uid_in_store, gid_in_store});
    if (!mounts.to_fill.empty()) {
        const RootLayers root = root_layers(engine, layers, record.image_diff_ids, maps,
                                            choose_driver_for(engine, record.storage_driver, record.image_diff_ids, maps));
        fill_volumes(engine, mounts.to_fill, root.fds(), dir + "/merged");
    }
    if (!mounts.to_chown.empty())
        chown_sources(engine, mounts.to_chown, uid_in_store(user.uid), gid_in_store(user.gid));
}

} // namespace

void remove_half_made(Engine& engine, const std::string& id) noexcept {
    try {
        remove_container(engine, id, {.force = true, .volumes = true, .timeout = {}});
    } catch (const Error&) {
        return; // the first error is the one to show; `ctl rm` gets another chance
    }
}

Created create_record(Engine& engine, const CreateRequest& request, Purpose purpose, const Callbacks& callbacks) {
    check_request(request);
    IdFile id_file(request.life.cid_file);
    engine.load_maps();
    engine.paths.ensure();
    if (is_first_of_boot(engine)) clear_up_after_boot(engine, "");
    NamespaceModes modes = choose_namespaces(engine, request);
    storage::Store store(engine.paths);
    const auto mode = engine.maps.is_single() ? storage::IdMode::single : storage::IdMode::subordinate;
    Origin origin = open_origin(engine, request, mode, callbacks);
    const storage::Image& image = origin.image;
    const oci::ImageConfig& config = origin.config;
    storage::OpenLayers& layers = origin.layers;
    ChosenMaps chosen = choose_maps(engine, request, image, layers);
    modes["user"] = chosen.mode;
    if (!image.diff_ids.empty()) (void)choose_driver_for(engine, {}, image.diff_ids, chosen.maps);

    const std::string id = sys::random_hex(32);
    const std::string hostname = choose_hostname(engine, request, modes, id);
    check_hostname(hostname);
    const std::string dir = new_container_path(engine, id);
    const UserFileTexts user_files = read_user_files(layers);
    const std::string user_text = request.user.value_or(config.user.empty() ? chosen.user.value_or("") : config.user);
    ResolvedUser user = look_up_user(engine, user_text, request.process, user_files);
    const bool systemd = is_systemd(request, config);
    const ContainerDevices devices = gather_devices(request.files);
    user.groups.insert(user.groups.end(), devices.groups.begin(), devices.groups.end());
    ContainerMounts mounts = prepare_mounts(engine, request, config, mount_context(engine, request, callbacks, dir, user, systemd));
    std::vector<storage::OpenLayers> mounted; // leased until the record names them
    for (const storage::Image& other : mounts.mounted_images) mounted.push_back(store.open_layers(other, mode));
    ContainerRecord record = make_record(request, image, config, mounts, modes);
    record.rootfs = origin.rootfs.path;
    record.rootfs_overlay = origin.rootfs.overlay;
    record.secrets = parse_secrets(engine, request.files.secrets);
    record.systemd = systemd;
    if (systemd && !request.stop_signal && config.stop_signal.empty()) record.stop_signal = parse_signal(systemd_stop_signal);
    add_mounts(mounts, secret_mounts(record.secrets, dir));
    add_mounts(mounts, devices.mounts);
    if (!devices.shown.empty()) record.asked["device"] = devices.shown;
    record.user = user_text;
    record.id = id;
    record.log = make_log_settings(request, record);
    record.single_id = engine.maps.is_single();
    record.storage_driver = engine.storage_driver;
    record.runtime = choose_runtime(request.life.runtime, request.life.runtime_flags, request.life.runtimes);
    if (request.init && request.process.init_path.empty() && !record.runtime.empty())
        throw Error("--init with --runtime ", record.runtime.name, " needs --init-path PROGRAM (catatonit or tini, say): ctl's own init is part of its runtime");
    record.image_store = engine.paths.images;
    record.requires_ids = required_ids(engine, request, modes);
    if (purpose == Purpose::run) set_runner(engine, record);
    UserFileOptions file_options = request.user_files;
    if (chosen.user && record.user == *chosen.user && user.name.empty())
        introduce_caller(engine, request, config, record.mounts, user, file_options);
    const UserFileTexts additions = additions_to_user_files(file_options, user, user_files);
    record.passwd_addition = additions.passwd;
    record.group_addition = additions.group;
    MadeFiles made = make_files(request, record, hostname, borrow(layers.fs));
    made.texts.merge(secret_files(engine, record.secrets));
    oci::RuntimeSpec spec = build_spec({request, config, chosen.maps, user, id, hostname, dir, std::move(mounts.mounts),
                                        modes, std::move(made.given), init_program(request)});
    set_variables(spec.process.env, devices.env);
    if (systemd) set_systemd(spec, id);
    if (mounts.follows_host) spec.rootfs_propagation = "rslave";
    rootless::check_ids(spec.process, spec);
    if (!request.name.empty()) remove_if_abandoned(engine, request.name);
    remove_predecessor(engine, request);
    publish_container(engine, record, oci::to_json_text(spec), made.texts);
    OnExit undo([&] {
        mounts.volumes_lock.reset(); // it excludes removing any
        remove_half_made(engine, id);
    });
    chosen.range_lock.reset();
    furnish(engine, record, layers, chosen.maps, user, mounts);
    id_file.write(id);
    undo.disarm();
    record_container_event(engine.paths, record, "create");
    return {{id, std::move(mounts.warnings)}, std::move(record), std::move(spec), std::move(layers)};
}

CreateResult create_container(Engine& engine, const CreateRequest& request, const Callbacks& callbacks) {
    return create_record(engine, request, Purpose::create, callbacks).result;
}

} // namespace lib
