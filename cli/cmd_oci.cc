// ctl oci: the life cycle of a container (runtime.md, "Lifecycle").
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/oci_main.h"
#include "cli/values.h"
#include "lib/runtime/control.h"
#include "lib/runtime/create.h"
#include "lib/runtime/follow.h"
#include "lib/signal_name.h"

#include <sys/prctl.h>
#include <signal.h>

#include <filesystem>

namespace cli {
namespace {

lib::runtime::CreateRequest create_request(const ParsedCommand& command) {
    lib::runtime::CreateRequest request;
    request.id = command.arguments.at(0);
    request.bundle = std::filesystem::absolute(command.find("bundle").value_or(".")).lexically_normal().string();
    while (request.bundle.size() > 1 && request.bundle.ends_with('/')) request.bundle.pop_back();
    request.config = absolute_path(command, "config");
    request.pid_file = absolute_path(command, "pid-file");
    request.console_socket = absolute_path(command, "console-socket");
    request.preserve_fds = preserve_count(command);
    request.new_keyring = !command.is_on("no-new-keyring");
    request.no_pivot = command.is_on("no-pivot");
    return request;
}

/// Until its end, and then it is gone as if it had never been.
int run_in_foreground(const lib::runtime::Runtime& runtime, lib::runtime::CreatedContainer created, bool keep) {
    int code = 0;
    try {
        const lib::runtime::HeldSignals held;
        lib::runtime::start(runtime, created.state.id);
        code = lib::runtime::follow(created.state.pid, created.pidfd.get(), std::move(created.console));
    } catch (const Error&) {
        if (!keep) lib::runtime::remove(runtime, created.state.id, true);
        throw;
    }
    if (!keep) lib::runtime::remove(runtime, created.state.id, true);
    return code;
}

} // namespace

int cmd_oci_create(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::create(make_runtime(globals), create_request(command));
    return 0;
}

int cmd_oci_run(const ParsedCommand& command, const Globals& globals) {
    const lib::runtime::Runtime runtime = make_runtime(globals);
    lib::runtime::CreateRequest request = create_request(command);
    const bool detach = command.is_on("detach");
    request.keeps_terminal = !detach;
    lib::runtime::CreatedContainer created = lib::runtime::create(runtime, request);
    if (!detach) return run_in_foreground(runtime, std::move(created), command.is_on("keep"));
    try {
        lib::runtime::start(runtime, request.id);
    } catch (const Error&) {
        lib::runtime::remove(runtime, request.id, true);
        throw;
    }
    return 0;
}

int cmd_oci_start(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::start(make_runtime(globals), command.arguments.at(0));
    return 0;
}

int cmd_oci_kill(const ParsedCommand& command, const Globals& globals) {
    const int signal = command.arguments.size() > 1 ? lib::parse_signal(command.arguments[1]) : SIGTERM;
    lib::runtime::kill(make_runtime(globals), command.arguments.at(0), signal, command.is_on("all"));
    return 0;
}

int cmd_oci_delete(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::remove(make_runtime(globals), command.arguments.at(0), command.is_on("force"));
    return 0;
}

int cmd_oci_pause(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::pause(make_runtime(globals), command.arguments.at(0));
    return 0;
}

int cmd_oci_resume(const ParsedCommand& command, const Globals& globals) {
    lib::runtime::resume(make_runtime(globals), command.arguments.at(0));
    return 0;
}

} // namespace cli
