// exec: see lib/exec.h. The container's own spec says what the new process may do; only what was asked for differs.
#include "lib/exec.h"

#include "base/files.h"
#include "base/sys.h"
#include "lib/container_env.h"
#include "lib/container_files.h"
#include "lib/container_secrets.h"
#include "lib/container_store.h"
#include "lib/direct_session.h"
#include "lib/events.h"
#include "lib/exec_keeper.h"
#include "lib/join_target.h"
#include "lib/namespaces.h"
#include "lib/other_runtime/call.h"
#include "lib/other_runtime/document.h"
#include "lib/preserved_fds.h"
#include "lib/seccomp_agent.h"
#include "lib/spec_builder.h"
#include "lib/terminal.h"
#include "lib/user_lookup.h"
#include "rootless/caps.h"
#include "rootless/exit_status.h"
#include "rootless/launch.h"
#include "rootless/layer_view.h"
#include "rootless/seccomp.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace lib {
namespace {

/// --group-add is the container's and not its user's.
void add_groups(const ContainerRecord& record, const std::string& group_file, ResolvedUser& user) {
    const auto added = record.asked.find("group-add");
    if (added == record.asked.end() || added->second.front() == "keep-groups") return;
    for (const std::string& name : added->second) {
        const std::uint32_t gid = resolve_group(name, group_file);
        if (std::ranges::find(user.groups, gid) == user.groups.end()) user.groups.push_back(gid);
    }
}

void apply_user(const ExecRequest& request, const ContainerRecord& record, const ContainerState& state, const JoinTarget& target,
                oci::Process& process) {
    if (!request.user) return;
    const std::string groups = read_running(target, state, "/etc/group");
    ResolvedUser user = resolve_user(*request.user, read_running(target, state, "/etc/passwd"), groups);
    add_groups(record, groups, user);
    process.user.uid = user.uid;
    process.user.gid = user.gid;
    if (record.single_id) keep_primary_group(user);
    process.user.additional_gids = user.groups;
    for (std::string& variable : process.env)
        if (variable.starts_with("HOME=")) variable = "HOME=" + user.home;
}

/// The bounding set is the container's. Anybody but root gets what the container's user was given by name.
void apply_capabilities(const ExecRequest& request, oci::Process& process) {
    oci::Capabilities& caps = process.capabilities;
    if (request.privileged) caps.bounding = rootless::capability_names(rootless::all_caps());
    if (process.user.uid == 0) {
        caps.effective = caps.permitted = caps.bounding;
        caps.inheritable.clear();
        caps.ambient.clear();
    } else if (request.user) {
        caps.effective = caps.permitted = caps.inheritable = caps.ambient;
    }
}

void apply_environment(const ExecRequest& request, oci::Process& process) {
    const Environment host = host_environment();
    Environment environment = parse_environment(process.env);
    if (request.tty) environment["TERM"] = "xterm";
    for (const std::string& file : request.env_files) apply_env_file(environment, files::read_named(file, "--env-file"), file, host);
    for (const std::string& option : request.env) apply_env_option(environment, option, host);
    process.env = environment_strings(environment);
}

StdioPair make_streams(const ExecRequest& request) {
    if (request.tty) return {};
    if (!request.detach) return make_stdio_pipes(request.interactive ? StdinKind::pipe : StdinKind::null);
    StdioPair nothing;
    for (UniqueFd& fd : nothing.theirs) fd = sys::open("/dev/null", O_RDWR);
    return nothing;
}

void record_exec_end(const Paths& paths, const ContainerRecord& record, int exit_code) noexcept {
    Event died = container_event(record, "exec_died");
    died.exit_code = exit_code;
    record_event(paths, std::move(died));
}

/// Nothing when the user detached.
std::optional<int> follow(StdioPair streams, const rootless::Launched& process, const ExecRequest& request) {
    SessionOptions session;
    session.stdin_fd = request.interactive ? STDIN_FILENO : -1;
    session.terminal = request.tty;
    if (request.tty) session.detach_keys = request.detach_keys;
    session.forward_signal = [&](int signal) { sys::pidfd_send_signal(process.pidfd.get(), signal); };
    const SessionResult end = run_direct_session(std::move(streams.ours), process.pidfd.get(), session);
    if (end.end == SessionEnd::signalled) end_by_signal(end.signal);
    if (end.end == SessionEnd::detached) return std::nullopt;
    return rootless::exit_code_of(sys::wait_child(process.pid));
}

/// Through the runtime that runs the container.
rootless::Launched launch_by_runtime(oci::Process process, const rootless::PlanExtras& extras, const ContainerRecord& record,
                                     const ContainerState& state, const JoinTarget& target, const rootless::BeforeGo& place) {
    check_runtime_fds(record.runtime, extras.preserved_fds);
    Making making;
    making.terminal = process.terminal;
    std::copy(std::begin(extras.stdio), std::end(extras.stdio), making.streams.stdio.begin());
    making.streams.preserved = extras.preserved_fds;
    making.placed = place;
    if (process.terminal && extras.rows != 0) process.console_size = oci::ConsoleSize{extras.rows, extras.columns};
    const std::string document = process_document_for(std::move(process), ask_abilities(record.runtime));
    return RuntimeCaller(record, state.runtime_dir).exec(document, making, place_of(record, target.process.get()));
}

} // namespace

ExecResult exec_in_container(Engine& engine, const ExecRequest& request) {
    if (request.command.empty()) throw Error("exec: no command given");
    check_preserved(request.preserve_fds);
    const ContainerDir dir = ContainerDir::open(engine, request.container);
    const ContainerState state = dir.load_state();
    const ContainerRecord record = dir.load_record();
    const JoinTarget target = find_join_target(record, state);
    // In a frozen control group the command would be held with the rest, and we would wait for it.
    if (state.status == "paused") throw Error("container ", record.name, " is paused: ctl unpause ", record.name, " lets it go on");
    const oci::RuntimeSpec spec = without_own_namespaces(
        oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json"), target.pid);

    oci::Process process = spec.process;
    process.terminal = request.tty;
    process.args = request.command;
    if (request.workdir) process.cwd = *request.workdir;
    if (!process.cwd.starts_with('/')) throw Error("working directory \"", process.cwd, "\" is not an absolute path");
    apply_user(request, record, state, target, process);
    rootless::check_ids(process, spec);
    apply_capabilities(request, process);
    add_secret_variables(engine, record.secrets, process.env, MissingSecret::is_left_out);
    apply_environment(request, process);

    std::vector<sock_filter> seccomp;
    if (spec.seccomp && !request.privileged) seccomp = rootless::compile_seccomp(*spec.seccomp);
    StdioPair streams = make_streams(request);
    rootless::PlanExtras extras;
    extras.single_id = record.single_id;
    extras.keep_groups = keeps_groups(spec);
    extras.new_keyring = !record.no_keyring;
    extras.personality = spec.personality;
    extras.preserved_fds = request.preserve_fds;
    extras.seccomp = seccomp;
    if (!seccomp.empty()) extras.seccomp_flags = rootless::seccomp_filter_flags(*spec.seccomp);
    for (std::size_t i = 0; i < 3; ++i) extras.stdio[i] = streams.theirs[i].get();
    if (const auto size = find_window_size(STDIN_FILENO); size && process.terminal) {
        extras.rows = size->rows;
        extras.columns = size->columns;
    }
    rootless::ChildProgram program(process, extras);
    program.plan().root_uid = rootless::root_id(spec.uid_mappings);
    program.plan().root_gid = rootless::root_id(spec.gid_mappings);
    program.on_listener([&](pid_t pid, const UniqueFd& listener) { tell_seccomp_agent(*spec.seccomp, pid, dir, state.pid, listener); });
    const auto place = [&](pid_t pid) {
        if (state.cgroup.manager != rootless::CgroupManager::none) rootless::attach(state.cgroup, pid, state.pid);
    };
    const auto launch = [&] {
        if (!record.runtime.empty()) return launch_by_runtime(process, extras, record, state, target, place);
        return rootless::launch_inside(program, spec, target.process.get(), place);
    };
    if (request.detach) {
        KeeperJob job{.dir = &dir, .container_name = record.name, .record = {}, .keep = {target.process.get()}, .launch = launch};
        job.record.id = sys::random_hex(32);
        job.record.command = request.command;
        job.record.user = request.user.value_or("");
        job.record.tty = request.tty;
        job.record.boot_id = engine.paths.boot_id;
        job.on_end = [&](int exit_code) { record_exec_end(engine.paths, record, exit_code); };
        for (const UniqueFd& fd : streams.theirs) job.keep.push_back(fd.get());
        job.keep.insert(job.keep.end(), request.preserve_fds.begin(), request.preserve_fds.end());
        const std::string id = job.record.id;
        start_exec_keeper(std::move(job));
        record_container_event(engine.paths, record, "exec");
        return {0, id};
    }
    rootless::Launched launched = launch();
    for (UniqueFd& fd : streams.theirs) fd.reset();
    record_container_event(engine.paths, record, "exec");
    if (launched.console) streams.ours.terminal = std::move(launched.console);
    const auto status = follow(std::move(streams), launched, request);
    if (!status) return {0, {}};
    record_exec_end(engine.paths, record, *status);
    return {*status, {}};
}

} // namespace lib
