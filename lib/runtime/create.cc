// See lib/runtime/create.h.
#include "lib/runtime/create.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/paths.h"
#include "base/sys.h"
#include "base/unix_socket.h"
#include "lib/limits.h"
#include "lib/preserved_fds.h"
#include "lib/processes.h"
#include "lib/runtime/grants.h"
#include "lib/runtime/hooks.h"
#include "lib/runtime/places.h"
#include "lib/time_point.h"
#include "rootless/idmap.h"
#include "rootless/launch.h"
#include "rootless/seccomp.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>

namespace lib::runtime {
namespace {

void check_terminal(const oci::RuntimeSpec& spec, const CreateRequest& request) {
    if (spec.process.terminal && request.console_socket.empty() && !request.keeps_terminal)
        throw Error("process.terminal is true, so --console-socket is needed: somebody must take the terminal");
    if (!spec.process.terminal && !request.console_socket.empty())
        throw Error("--console-socket: process.terminal is not true, so there is no terminal to send");
}

/// root.path from the bundle on. Throws Error where there is no such directory.
std::string find_rootfs(const oci::RuntimeSpec& spec, const std::string& bundle) {
    if (spec.root_path.empty()) throw Error("root.path: missing");
    const std::string path = spec.root_path.starts_with('/') ? spec.root_path : cat(bundle, "/", spec.root_path);
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) throw SysError{errno, cat("root.path ", path)};
    std::string found = resolved;
    ::free(resolved);
    struct stat st {};
    if (::stat(found.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) throw Error("root.path ", found, ": not a directory");
    return found;
}

/// --preserve-fds and, as systemd has it, LISTEN_FDS (sd_listen_fds(3)), whose variables the program gets too.
std::vector<int> preserved(const CreateRequest& request, oci::Process& process) {
    constexpr int most_listeners = 1024;
    int count = request.preserve_fds;
    if (const char* listen = std::getenv("LISTEN_FDS"); listen != nullptr && std::atoi(listen) > 0) {
        if (std::atoi(listen) > most_listeners) throw Error("LISTEN_FDS=", listen, ": at most ", most_listeners, " are possible");
        process.env.push_back(cat("LISTEN_FDS=", listen));
        process.env.emplace_back("LISTEN_PID=1");
        if (const char* names = std::getenv("LISTEN_FDNAMES")) process.env.push_back(cat("LISTEN_FDNAMES=", names));
        count += std::atoi(listen);
    }
    std::vector<int> fds;
    for (int fd = 3; fd < 3 + count; ++fd) fds.push_back(fd);
    check_preserved(fds);
    return fds;
}

/// Completes the mounts as the specification reads them. Throws Error for what would be left out.
void check_mounts(oci::RuntimeSpec& spec, const std::string& bundle) {
    if (!spec.mount_label.empty() && ::access("/sys/fs/selinux/enforce", F_OK) != 0)
        throw Error("linux.mountLabel: ", spec.mount_label, ": there is no SELinux on this machine to label mounts for");
    for (oci::Mount& mount : spec.mounts) {
        const auto has = [&](const char* option) { return std::ranges::find(mount.options, option) != mount.options.end(); };
        if (mount.type != "bind" && !has("bind") && !has("rbind")) continue;
        mount.type = "bind"; // whatever it says: "typically none"
        if (!mount.source.starts_with('/')) mount.source = cat(bundle, "/", mount.source);
    }
}

/// config.md, "uidMappings" of a mount: from the ids of its file system to those of this machine. With an option and no mappings: the
/// container's.
rootless::IdMaps maps_of_mount(const oci::Mount& mount, const oci::RuntimeSpec& spec) {
    const bool own = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
    const auto& uids = own ? mount.uid_mappings : spec.uid_mappings;
    const auto& gids = own ? mount.gid_mappings : spec.gid_mappings;
    if (uids.empty() || gids.empty())
        throw Error("mounts: ", mount.destination, ": idmap: uidMappings and gidMappings are needed, of the mount or of the container");
    rootless::IdMaps maps;
    for (const oci::IdMapping& m : uids) maps.uids.push_back({m.container_id, m.host_id, m.size});
    for (const oci::IdMapping& m : gids) maps.gids.push_back({m.container_id, m.host_id, m.size});
    return maps;
}

/// The idmapped mounts, made by us: the container's root may not change what belongs to the machine's file systems.
std::map<std::size_t, UniqueFd> idmapped_trees(const oci::RuntimeSpec& spec) {
    std::map<std::size_t, UniqueFd> trees;
    for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
        const oci::Mount& mount = spec.mounts[i];
        const rootless::MountOptions options = rootless::parse_mount_options(mount);
        const bool has_maps = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
        if (options.id_map == rootless::IdMapped::none && !has_maps) continue;
        if (mount.type != "bind") throw Error("mounts: ", mount.destination, ": uidMappings are for bind mounts");
        trees.emplace(i, rootless::idmapped_tree(mount.source, options.recursive, options.id_map == rootless::IdMapped::recursive, maps_of_mount(mount, spec)));
    }
    return trees;
}

rootless::CgroupPlan plan_cgroup(const Runtime& runtime, const oci::RuntimeSpec& spec, const std::string& id) {
    const Paths paths = Paths::detect();
    rootless::CgroupRequest request;
    request.container_id = id;
    request.description = cat("OCI container ", id);
    oci::Resources resources = spec.resources;
    if (resources.cpu_shares == 1024U) resources.cpu_shares.reset(); // everybody's, which containerd asks for always
    drop_unlimited(resources); // a new cgroup has no limits, and what counts them need not be there
    request.limits = limits_of_document(resources);
    if (runtime.manager == rootless::CgroupManager::systemd) request.scope_helper = helper_path("ctl-scope");
    return rootless::plan_cgroup_path(spec.cgroups_path, runtime.manager, request, rootless::CgroupHost::detect(paths));
}

bool wants_pause(const oci::Hooks& hooks) {
    return !hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty();
}

/// One container on its way to `created`.
struct Creation {
    const Runtime& runtime;
    const CreateRequest& request;
    StateDir dir;
    oci::RuntimeSpec spec;
    State state;

    std::map<std::size_t, UniqueFd> trees{}; ///< instead of mounts of the document, by their number

    rootless::PlanExtras extras(const rootless::Surroundings& surroundings, int start_socket, std::span<const sock_filter> seccomp);
    rootless::Launched launch();
    void place(pid_t pid);
    void run_create_hooks(pid_t pid) const;
};

rootless::PlanExtras Creation::extras(const rootless::Surroundings& surroundings, int start_socket, std::span<const sock_filter> seccomp) {
    rootless::PlanExtras e;
    e.privileged = is_privileged();
    e.plain_attributes = true;
    e.start_socket = start_socket;
    e.pause = wants_pause(spec.hooks);
    e.new_keyring = request.new_keyring;
    e.no_pivot = request.no_pivot;
    e.preserved_fds = preserved(request, spec.process);
    if (const auto& size = spec.process.console_size) {
        e.rows = size->rows;
        e.columns = size->columns;
    }
    std::copy(std::begin(request.stdio), std::end(request.stdio), std::begin(e.stdio));
    for (const auto& [number, tree] : trees) e.trees[number] = tree.get();
    restrict_as(spec, seccomp, 0, e);
    e.surroundings = &surroundings;
    return e;
}

void Creation::place(pid_t pid) {
    state.pid = pid;
    state.start_ticks = find_process(pid).value_or(ProcessInfo{}).start_ticks;
    rootless::place(state.cgroup, pid);
    dir.save(state); // whoever finds us killed can delete it
    filter_devices(state.cgroup, spec.resources);
}

void Creation::run_create_hooks(pid_t pid) const {
    run_hooks(spec.hooks.prestart, "prestart", state_text(state, Status::creating));
    run_hooks(spec.hooks.create_runtime, "createRuntime", state_text(state, Status::creating));
    if (spec.hooks.create_container.empty()) return;
    const auto pidfd = sys::pidfd_open(pid);
    if (!pidfd) throw Error("the container's process ended before its hooks had run");
    run_hooks(spec.hooks.create_container, "createContainer", state_text(state, Status::creating), {pidfd->get(), own_namespaces(spec)});
}

rootless::Launched Creation::launch() {
    const rootless::IdMaps maps = maps_of_document(spec);
    const rootless::Surroundings surroundings = surroundings_of_document(spec, maps);
    const std::vector<sock_filter> seccomp = seccomp_of_document(spec);
    trees = idmapped_trees(spec);
    const UniqueFd start_socket = dir.listen();
    rootless::ChildProgram program(spec, extras(surroundings, start_socket.get(), seccomp));
    return rootless::launch(program, spec, {maps, maps}, [&](pid_t pid) { place(pid); }, [&](pid_t pid) { run_create_hooks(pid); });
}

/// What a failed creation has to take back.
void undo(const Creation& creation) noexcept {
    try {
        rootless::remove_cgroup(creation.state.cgroup);
    } catch (const std::exception&) { // the first error is the one to tell
    }
    try {
        if (creation.state.pid != 0) try_hooks(creation.spec.hooks.poststop, "poststop", state_text(creation.state, Status::stopped), creation.runtime.warn);
    } catch (const std::exception&) {
    }
    try {
        creation.dir.remove();
    } catch (const std::exception&) {
    }
}

/// A program of the container's, as restricted as its own process.
pid_t run_inside(const oci::RuntimeSpec& spec, const State& state, int container, const oci::Hook& hook, int input) {
    oci::Process process = spec.process;
    process.terminal = false;
    process.args = hook.args.empty() ? std::vector{hook.path} : hook.args;
    process.env = hook.env;
    process.cwd = "/";
    drop_ungrantable(process.capabilities, spec, [](const std::string&) {}); // create has told
    rootless::PlanExtras extras;
    extras.program = hook.path;
    extras.stdio[0] = input;
    extras.stdio[1] = STDOUT_FILENO;
    extras.stdio[2] = STDERR_FILENO;
    const std::vector<sock_filter> seccomp = seccomp_of_document(spec);
    restrict_as(spec, seccomp, state.pid, extras);
    rootless::ChildProgram program(process, extras);
    set_root_ids(program, spec);
    pass_listener(program, spec, state);
    return rootless::launch_inside(program, spec, container, [&](pid_t pid) { rootless::attach(state.cgroup, pid, state.pid); }).pid;
}

/// The program as the document has it, for what it says while it begins.
rootless::ChildProgram program_of(const oci::RuntimeSpec& spec, const State& state) {
    rootless::PlanExtras extras;
    if (spec.seccomp) extras.seccomp_flags = rootless::seccomp_filter_flags(*spec.seccomp);
    rootless::ChildProgram program(spec.process, extras);
    pass_listener(program, spec, state);
    return program;
}

} // namespace

void send_console(const std::string& path, int console) {
    sys::send_fd(connect_unix(path, "--console-socket").get(), console, "send the terminal");
}

void write_pid_file(const std::string& path, pid_t pid) {
    const auto slash = path.rfind('/');
    const UniqueFd dir = files::open_dir(slash == path.npos ? "." : path.substr(0, slash + 1));
    files::write_atomic(dir.get(), slash == path.npos ? path : path.substr(slash + 1), std::to_string(pid), 0644, files::Durability::none);
}

CreatedContainer create(const Runtime& runtime, const CreateRequest& request) {
    const std::string config = request.config.empty() ? request.bundle + "/config.json" : request.config;
    const std::string text = files::read(config);
    oci::RuntimeSpec spec = oci::parse_runtime_spec(text, config);
    if (spec.process.args.empty()) throw Error(config, ": process.args: missing, and there is nothing to run without it");
    check_terminal(spec, request);
    check_mounts(spec, request.bundle);
    drop_ungrantable(spec.process.capabilities, spec, runtime.warn);
    check_oom_score(spec.process);
    const std::string rootfs = find_rootfs(spec, request.bundle);
    Creation creation{runtime, request, StateDir::create(runtime.root, request.id), std::move(spec), {}};
    FileLock lock = creation.dir.lock(); // until what failed is undone
    OnExit forget([&] { undo(creation); });
    creation.dir.save_spec(text);
    State& state = creation.state;
    state.id = request.id;
    state.bundle = request.bundle;
    state.rootfs = creation.spec.root_path = rootfs;
    const auto now = format_rfc3339(sys::realtime_ns());
    state.created.assign(now.begin(), now.end());
    state.owner = Paths::detect().user;
    state.annotations = creation.spec.annotations;
    state.cgroup = plan_cgroup(runtime, creation.spec, request.id);
    rootless::Launched launched = creation.launch();
    OnExit reap([&] { sys::kill_and_reap(launched.pid); });
    if (launched.console && !request.console_socket.empty()) {
        send_console(request.console_socket, launched.console.get());
        launched.console.reset();
    }
    state.made = true;
    creation.dir.save(state);
    if (!request.pid_file.empty()) write_pid_file(request.pid_file, launched.pid);
    reap.disarm();
    forget.disarm();
    lock.release();
    return {std::move(creation.dir), std::move(state), std::move(launched.pidfd), std::move(launched.console)};
}

void start(const Runtime& runtime, const std::string& id) {
    const StateDir dir = StateDir::open(runtime.root, id);
    const FileLock lock = dir.lock();
    const State state = dir.load();
    const Status status = status_of(dir, state, LockHolder::caller);
    if (status != Status::created) throw Error("container \"", id, "\" cannot be started: it is ", status_name(status), ", not created");
    oci::RuntimeSpec spec = dir.load_spec();
    drop_own_namespaces(spec);
    const UniqueFd process = open_process(state);
    const UniqueFd connection = dir.connect();
    if (!connection) throw Error("container \"", id, "\" is running already");
    try {
        if (!spec.hooks.start_container.empty()) {
            rootless::open_waiting(connection.get());
            run_container_hooks(spec.hooks.start_container, "startContainer", state_text(state, Status::created),
                                [&](const oci::Hook& hook, int input) { return run_inside(spec, state, process.get(), hook, input); });
        }
        rootless::start_waiting(program_of(spec, state), connection.get());
    } catch (const Error&) {
        if (process) sys::pidfd_send_signal(process.get(), SIGKILL);
        dir.end_waiting();
        throw;
    }
    dir.end_waiting();
    try_hooks(spec.hooks.poststart, "poststart", state_text(state, Status::running), runtime.warn);
}

} // namespace lib::runtime
