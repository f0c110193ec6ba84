// See lib/runtime/exec.h.
#include "lib/runtime/exec.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/preserved_fds.h"
#include "lib/runtime/create.h"
#include "lib/runtime/follow.h"
#include "lib/runtime/grants.h"
#include "lib/runtime/places.h"
#include "lib/runtime/state.h"
#include "rootless/caps.h"
#include "rootless/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace lib::runtime {
namespace {

void add_capability(std::vector<std::string>& set, const std::string& name) {
    if (std::ranges::find(set, name) == set.end()) set.push_back(name);
}

void add_capabilities(const std::vector<std::string>& wanted, oci::Process& process) {
    for (const std::string& word : wanted)
        for (const std::string& name : rootless::capability_names(rootless::parse_capability(word)))
            for (auto* set : {&process.capabilities.bounding, &process.capabilities.effective, &process.capabilities.permitted,
                              &process.capabilities.inheritable, &process.capabilities.ambient})
                add_capability(*set, name);
}

/// A further process is the container's own but for what is asked for.
oci::Process process_of(const ExecRequest& request, const oci::RuntimeSpec& spec) {
    if (!request.process_file.empty()) {
        const bool changes = !request.env.empty() || !request.cwd.empty() || request.uid || !request.additional_gids.empty() || !request.caps.empty() ||
                             request.no_new_privileges || !request.apparmor.empty() || !request.selinux_label.empty();
        if (!request.args.empty() || changes) throw Error("exec: --process says all of the process; a command or options that change it exclude it");
        oci::Process process = oci::parse_process(files::read_named(request.process_file, "--process"), request.process_file);
        process.terminal = process.terminal || request.terminal.value_or(false); // conmon 2.1.6 says --tty beside
        return process;
    }
    if (request.args.empty()) throw Error("exec: a command or --process is needed");
    oci::Process process = spec.process;
    process.terminal = request.terminal.value_or(false);
    process.args = request.args;
    process.env.insert(process.env.end(), request.env.begin(), request.env.end());
    if (!request.cwd.empty()) process.cwd = request.cwd;
    process.user.uid = request.uid.value_or(process.user.uid);
    process.user.gid = request.gid.value_or(process.user.gid);
    process.user.additional_gids.insert(process.user.additional_gids.end(), request.additional_gids.begin(), request.additional_gids.end());
    add_capabilities(request.caps, process);
    process.no_new_privileges = request.no_new_privileges.value_or(process.no_new_privileges);
    if (!request.apparmor.empty()) process.apparmor_profile = request.apparmor;
    if (!request.selinux_label.empty()) process.selinux_label = request.selinux_label;
    return process;
}

void check_terminal(const oci::Process& process, const ExecRequest& request) {
    if (process.terminal && request.detach && request.console_socket.empty())
        throw Error("exec: a detached terminal needs --console-socket");
    if (!process.terminal && !request.console_socket.empty())
        throw Error("--console-socket: the process has no terminal to send");
}

State load_running(const StateDir& dir) {
    State state = dir.load();
    const Status status = status_of(dir, state);
    if (status == Status::paused) throw Error("container \"", state.id, "\" is paused; resume it first");
    if (status != Status::running && status != Status::created)
        throw Error("cannot exec in a stopped container: \"", state.id, "\" is ", status_name(status));
    return state;
}

void place(const State& state, const ExecRequest& request, pid_t pid) {
    if (state.cgroup.manager == rootless::CgroupManager::none) return;
    if (request.cgroup.empty()) return rootless::attach(state.cgroup, pid, state.pid);
    const std::string directory = cat(state.cgroup.directory(), "/", request.cgroup);
    sys::write_all(sys::open(directory + "/cgroup.procs", O_WRONLY).get(), std::to_string(pid), directory);
}

rootless::PlanExtras extras_of(const ExecRequest& request, const oci::RuntimeSpec& spec, const oci::Process& process,
                               const std::vector<sock_filter>& seccomp, pid_t container) {
    rootless::PlanExtras extras;
    extras.new_keyring = request.new_keyring;
    extras.personality = spec.personality;
    restrict_as(spec, seccomp, container, extras);
    for (int fd = 0; fd < 3; ++fd) extras.stdio[fd] = fd;
    for (int fd = 3; fd < 3 + request.preserve_fds; ++fd) extras.preserved_fds.push_back(fd);
    check_preserved(extras.preserved_fds);
    if (const auto& size = process.console_size) {
        extras.rows = size->rows;
        extras.columns = size->columns;
    }
    return extras;
}

} // namespace

int exec(const Runtime& runtime, const ExecRequest& request) {
    const StateDir dir = StateDir::open(runtime.root, request.id);
    const State state = load_running(dir);
    oci::RuntimeSpec spec = dir.load_spec();
    drop_own_namespaces(spec);
    if (cat("/", request.cgroup, "/").find("/../") != std::string::npos) throw Error("--cgroup ", request.cgroup, ": must not contain \"..\"");
    oci::Process process = process_of(request, spec);
    check_terminal(process, request);
    rootless::check_ids(process, spec);
    drop_ungrantable(process.capabilities, spec, runtime.warn);
    check_oom_score(process);
    const std::vector<sock_filter> seccomp = seccomp_of_document(spec);
    rootless::ChildProgram program(process, extras_of(request, spec, process, seccomp, state.pid));
    set_root_ids(program, spec);
    pass_listener(program, spec, state);
    UniqueFd connection; // one that waits for start lets nobody in unless it is asked
    if (dir.waits() && (connection = dir.connect())) rootless::open_waiting(connection.get());
    const UniqueFd container = open_process(state);
    if (!container) throw Error("container \"", state.id, "\" has just ended");
    const HeldSignals held;
    rootless::Launched launched = rootless::launch_inside(program, spec, container.get(), [&](pid_t pid) { place(state, request, pid); });
    OnExit reap([&] { sys::kill_and_reap(launched.pid); });
    if (launched.console && !request.console_socket.empty()) {
        send_console(request.console_socket, launched.console.get());
        launched.console.reset();
    }
    if (!request.pid_file.empty()) write_pid_file(request.pid_file, launched.pid);
    reap.disarm();
    if (request.detach) return 0;
    return follow(launched.pid, launched.pidfd.get(), std::move(launched.console));
}

} // namespace lib::runtime
