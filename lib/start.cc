// Theory of operation: run and start.
//
// Aim. The user's words become a running container, and every mistake that can be found is found before anything runs.
// Actors. This command; the monitor it forks (lib/monitor.cc), which outlives it; the container.
// Flow. record and spec (lib/create.cc) -> lock -> layers opened, seccomp compiled, ports bound, cgroup chosen, all in this
// process, where an error is this command's own -> fork the monitor -> its report: a pid or the reason -> attached: this
// command is the monitor's first attach client until the container ends; detached: done.
// Several at once: all monitors are forked before the first report is awaited, so the launches overlap.
// Non-aims. Waiting for readiness, or talking to a daemon: there is none. Restarting is the monitor's.
// Failure story. Until the fork nothing runs. After it the monitor reports exactly once; a monitor that dies without a report
// leaves the state as it was. A failed start keeps the container as "created", and with --rm removes it.
#include "lib/run.h"

#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/attach.h"
#include "lib/attach_socket.h"
#include "lib/begin.h"
#include "lib/cleanup.h"
#include "lib/container_files.h"
#include "lib/container_mounts.h"
#include "lib/container_secrets.h"
#include "lib/create_internal.h"
#include "lib/id_maps.h"
#include "lib/leftovers.h"
#include "lib/monitor.h"
#include "lib/namespaces.h"
#include "lib/notify.h"
#include "lib/pipe_move.h"
#include "lib/preserved_fds.h"
#include "lib/start_parts.h"
#include "rootless/seccomp.h"

#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace lib {
namespace {

bool is_attached(const StartOptions& options, const char* stream) {
    return options.streams.empty() || std::ranges::find(options.streams, stream) != options.streams.end();
}

bool passes_input(const Prepared& p, const StartOptions& options) {
    return options.interactive && p.record.interactive && is_attached(options, "stdin") && !p.record.log.passes_through();
}

/// The container's standard streams with --log-driver=passthrough: ours.
std::array<UniqueFd, 3> pass_own_streams(const ContainerRecord& record) {
    std::array<UniqueFd, 3> streams;
    for (int fd = 0; fd < 3; ++fd) {
        if (record.log.driver == LogDriver::passthrough && ::isatty(fd) == 1)
            throw Error("--log-driver=passthrough cannot be used on a terminal; --log-driver=passthrough-tty can");
        const bool open = ::fcntl(fd, F_GETFD) >= 0;
        streams[static_cast<std::size_t>(fd)] = open ? sys::dup(fd) : sys::open("/dev/null", O_RDWR);
    }
    return streams;
}

/// What of our own streams the data may flow through without us: outputs that the monitor writes to, and the container's
/// input, of which we keep an end (returned). A terminal is never handed on, and nothing to a container with a restart
/// policy: its pipes are new with each run.
UniqueFd hand_over_streams(MonitorJob& job, const Prepared& p, const StartOptions& options) {
    if (p.record.tty || p.record.log.passes_through() || !p.record.restart_policy.empty()) return {};
    const auto moves = [](int fd) { return stream_kind(fd) == StreamKind::pipe || stream_kind(fd) == StreamKind::file; };
    for (std::size_t i = 0; i < job.outlets.size(); ++i)
        if (const int fd = static_cast<int>(i) + STDOUT_FILENO; is_attached(options, i == 0 ? "stdout" : "stderr") && moves(fd))
            job.outlets[i] = sys::dup(fd);
    if (!passes_input(p, options) || !moves(STDIN_FILENO)) return {};
    job.input = sys::pipe();
    widen_pipe(job.input.write.get());
    return sys::dup(job.input.write.get());
}

/// systemd is told which process to watch: the monitor, which lives as long as the container. It is this command that
/// systemd listens to (NotifyAccess=main).
void notify_started(const Prepared& p, pid_t monitor) {
    if (p.record.sdnotify == "ignore") return;
    send_notification(notify_socket(), cat("MAINPID=", monitor, p.record.sdnotify == "conmon" ? "\nREADY=1" : ""));
}

AttachOptions attach_options(const StartOptions& options) {
    return {options.interactive, options.sig_proxy, options.detach_keys, options.streams};
}

/// A monitor is at work; the lock is held until it has reported.
struct Starting {
    Prepared prepared;
    FileLock lock;
    pid_t monitor;
    UniqueFd report;
    UniqueFd client; ///< the first attach client's end, if one was asked for
    UniqueFd inlet;  ///< the client's end of the container's input, where it has one
    std::vector<storage::OpenLayers> mounted; ///< leased until it runs
    bool holds;      ///< it is only to be prepared
};

Starting begin_start(Engine& engine, Prepared p, const StartOptions& options, const Notice& notice) {
    const bool first_of_boot = is_first_of_boot(engine);
    const rootless::IdMaps maps = maps_of(p.spec);
    const StorageDriver driver = choose_driver_for(engine, p.record.storage_driver, p.record.image_diff_ids, maps);
    RuntimeAbilities abilities; // asked for before the lock is taken: it may take its time
    if (!p.record.runtime.empty()) abilities = ask_abilities(p.record.runtime);
    if (first_of_boot) clear_up_after_boot(engine, p.dir.id());
    if (p.dir.load_state().status == "exited") p.dir.wait_for_monitor(); // of the last run
    FileLock lock = p.dir.lock();
    MonitorJob job;
    job.before = p.dir.load_state();
    if (job.before.status == "initialized") throw Error("container ", p.record.name, " has been initialized already");
    if (job.before.is_up() || p.dir.has_monitor()) throw Error("container ", p.record.name, " is running already");
    end_leftovers_of_lost(p.dir, job.before);
    std::vector<storage::OpenLayers> mounted = open_mounted_images(engine, p.record);
    prepare_overlay_mounts(engine, p.spec, driver);
    renew_overlays(engine, p.dir, p.spec);
    add_secret_variables(engine, p.record.secrets, p.spec.process.env, MissingSecret::is_error); // in memory alone
    if (p.spec.seccomp && p.record.runtime.empty()) p.seccomp = rootless::compile_seccomp(*p.spec.seccomp);

    p.surroundings = open_surroundings(engine, p.spec);
    if (!p.record.runtime.empty()) check_runtime(engine, p, abilities, options);
    job.abilities = std::move(abilities);
    p.root_layers = root_layers(engine, p.layers, p.record.image_diff_ids, maps, driver);
    p.mount_points = open_mount_points(engine, p.spec);
    job.engine = &engine;
    job.dir = &p.dir;
    job.record = &p.record;
    job.spec = &p.spec;
    job.notify = give_notify_socket(p);
    job.extras = plan_extras(engine, p);
    job.extras.preserved_fds = options.preserve_fds;
    job.extras.hold = options.hold;
    job.fuse = fuse_files(p, job.extras.root);
    job.driver = job.fuse.empty() ? StorageDriver::overlay : p.root_layers.driver;
    job.borrowed = job.extras.root.layers;
    job.borrowed.insert(job.borrowed.end(), job.extras.root.data_layers.begin(), job.extras.root.data_layers.end());
    const std::vector<int> joined = p.surroundings.descriptors();
    job.borrowed.insert(job.borrowed.end(), joined.begin(), joined.end());
    job.borrowed.insert(job.borrowed.end(), options.preserve_fds.begin(), options.preserve_fds.end());
    job.listeners = open_listeners(p.record.ports);
    job.way = choose_way(p.record, notice);
    job.cgroup = choose_cgroup(engine, p, notice);
    if (job.cgroup.ends_at_logout && !options.attach && notice)
        notice("this container has limits and ends with your last session; `loginctl enable-linger` keeps it running");
    if (p.record.log.passes_through()) job.passed_stdio = pass_own_streams(p.record);
    SocketPair client;
    UniqueFd inlet;
    if (options.attach) {
        client = sys::socket_pair(SOCK_STREAM);
        job.first_client = std::move(client.theirs);
        inlet = hand_over_streams(job, p, options);
    }
    Pipe report = sys::pipe();
    job.report = std::move(report.write);
    const pid_t monitor = fork_monitor(job);
    return {std::move(p), std::move(lock), monitor, std::move(report.read), std::move(client.ours), std::move(inlet),
            std::move(mounted), options.hold};
}

/// Returns once it runs.
void finish_start(Starting& starting) {
    const StartReport outcome = await_report(starting.report.get());
    starting.lock.release();
    starting.prepared.layers.fs.clear();
    starting.prepared.surroundings = {};
    starting.mounted.clear();
    starting.prepared.root_layers = {};
    starting.prepared.mount_points.reset();
    if (outcome.pid == 0) throw Error(outcome.error).with_exit_code(outcome.exit_code);
    if (!starting.holds) notify_started(starting.prepared, starting.monitor);
}

StartResult start_prepared(Engine& engine, Prepared prepared, const StartOptions& options, const Notice& notice,
                           const std::function<void()>& on_running) {
    Starting starting = begin_start(engine, std::move(prepared), options, notice);
    finish_start(starting);
    if (on_running) on_running();
    if (!options.attach) return {0, true};
    return follow_container(engine, starting.prepared.dir, starting.prepared.record, starting.client.get(),
                            attach_options(options), std::move(starting.inlet));
}

Prepared prepare_recorded(Engine& engine, ContainerDir dir) {
    ContainerRecord record = dir.load_record();
    oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json");
    storage::OpenLayers layers = open_recorded_layers(engine, record);
    return {std::move(dir), std::move(record), std::move(spec), std::move(layers), {}, {}, {}};
}

/// Starts what the container cannot do without. A required one that is gone was removed by force.
void start_required(Engine& engine, const ContainerRecord& record, const Callbacks& callbacks) {
    for (const std::string& id : record.requires_ids) {
        try {
            start_container(engine, id, {}, callbacks);
        } catch (Error& e) {
            e.add_context(cat("container ", record.name, " requires ", id.substr(0, 12)));
            throw;
        }
    }
}

StartResult start_initialized(Engine& engine, const ContainerDir& dir, const StartOptions& options, const Callbacks& callbacks) {
    const ContainerRecord record = dir.load_record();
    start_required(engine, record, callbacks);
    UniqueFd client; // there before the first output is
    if (options.attach) client = connect_to_monitor(dir.load_state().runtime_dir, dir.id(), record.name);
    begin_initialized(dir);
    if (!options.attach) return {0, true};
    return follow_container(engine, dir, record, client.get(), attach_options(options));
}

/// Starts several at the same time, or only prepares them.
Outcomes start_all(Engine& engine, const std::vector<std::string>& names, const StartOptions& options, const Callbacks& callbacks) {
    engine.load_maps();
    engine.paths.ensure();
    Outcomes outcomes(names.size());
    std::vector<std::optional<Starting>> all(names.size());
    const auto each = [&](const std::function<void(std::size_t)>& act) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            try {
                if (!outcomes[i]) act(i);
            } catch (const Error& e) {
                outcomes[i] = e;
            }
        }
    };
    std::set<std::string> begun; // a container named twice is started once
    each([&](std::size_t i) {
        ContainerDir dir = ContainerDir::open(engine, names[i]);
        if (!begun.insert(dir.id()).second) return;
        const ContainerState state = dir.load_state();
        if (state.status == "initialized" && !options.hold) return static_cast<void>(start_initialized(engine, dir, options, callbacks));
        if (state.is_up() && !options.hold) return;
        Prepared prepared = prepare_recorded(engine, std::move(dir));
        if (!options.hold) start_required(engine, prepared.record, callbacks);
        if (prepared.dir.load_state().is_up() && !options.hold) return; // another one has required it
        all[i] = begin_start(engine, std::move(prepared), options, callbacks.notice);
    });
    each([&](std::size_t i) {
        if (all[i]) finish_start(*all[i]);
    });
    return outcomes;
}

} // namespace

StartResult start_container(Engine& engine, const std::string& id_or_name, const StartOptions& options,
                            const Callbacks& callbacks) {
    engine.load_maps();
    engine.paths.ensure();
    ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerState state = dir.load_state();
    if (state.status == "initialized") return start_initialized(engine, dir, options, callbacks);
    if (state.is_up()) { // as Podman: nothing to start, but to attach to
        if (!options.attach) return {0, true};
        return attach_container(engine, dir.id(), attach_options(options));
    }
    Prepared prepared = prepare_recorded(engine, std::move(dir));
    start_required(engine, prepared.record, callbacks);
    return start_prepared(engine, std::move(prepared), options, callbacks.notice, {});
}

Outcomes start_containers(Engine& engine, const std::vector<std::string>& names, const Callbacks& callbacks) {
    return start_all(engine, names, {}, callbacks);
}

Outcomes init_containers(Engine& engine, const std::vector<std::string>& names, const Callbacks& callbacks) {
    return start_all(engine, names, {.hold = true}, callbacks);
}

StartResult run_container(Engine& engine, const CreateRequest& request, const Callbacks& callbacks,
                          const std::function<void(const CreateResult&)>& on_id) {
    check_preserved(request.life.preserve_fds);
    Created created = create_record(engine, request, Purpose::run, callbacks);
    auto dir = ContainerDir::find(engine, created.result.id);
    if (!dir) throw Error("container ", created.record.name, " was removed before it could start");
    Prepared prepared{std::move(*dir), std::move(created.record), std::move(created.spec), std::move(created.layers), {}, {}, {}};
    OnExit undo([&] {
        if (request.remove) remove_half_made(engine, created.result.id);
    });
    StartOptions options;
    options.attach = !request.detach;
    options.interactive = request.interactive;
    options.streams = request.attach;
    options.preserve_fds = request.life.preserve_fds;
    options.detach_keys = request.detach_keys;
    options.sig_proxy = request.sig_proxy;
    start_required(engine, prepared.record, callbacks);
    return start_prepared(engine, std::move(prepared), options, callbacks.notice, [&] {
        undo.disarm();
        if (on_id) on_id(created.result);
    });
}

} // namespace lib
