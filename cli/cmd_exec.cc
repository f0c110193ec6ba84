// ctl exec.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"
#include "lib/exec.h"

namespace cli {
namespace {

/// The container, and the words after it. With --latest or --cidfile all words are the command's.
lib::ExecRequest make_target(const ParsedCommand& command, const lib::Engine& engine) {
    lib::ExecRequest request;
    auto words = command.arguments;
    if (auto chosen = container_of_options(command, engine)) {
        request.container = std::move(*chosen);
    } else {
        if (words.empty()) throw Error("exec: missing argument CONTAINER, or --latest for the one made last");
        request.container = words.front();
        words.erase(words.begin());
    }
    if (words.empty()) throw Error("exec: missing argument COMMAND");
    request.command = std::move(words);
    return request;
}

} // namespace

int cmd_exec(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::ExecRequest request = make_target(command, engine);
    request.env = command.list("env");
    request.env_files = command.list("env-file");
    request.workdir = command.find("workdir");
    request.user = command.find("user");
    request.interactive = command.is_on("interactive");
    request.tty = command.is_on("tty");
    request.privileged = command.is_on("privileged");
    request.preserve_fds = preserved_fds(command);
    request.detach = command.is_on("detach");
    if (const auto keys = command.find("detach-keys")) request.detach_keys = lib::DetachKeys(*keys);
    const lib::ExecResult result = lib::exec_in_container(engine, request);
    if (request.detach) print(result.id + "\n");
    return result.exit_status;
}

} // namespace cli
