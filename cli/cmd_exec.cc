// ctl exec.
#include "cli/commands.h"
#include "lib/exec.h"

namespace cli {

int cmd_exec(const ParsedCommand& command, const Globals& globals) {
    const lib::ExecRequest request{
        .container = command.arguments.front(),
        .command = {command.arguments.begin() + 1, command.arguments.end()},
        .env = command.list("env"),
        .env_files = command.list("env-file"),
        .workdir = command.find("workdir"),
        .user = command.find("user"),
        .interactive = command.is_on("interactive"),
        .tty = command.is_on("tty"),
        .privileged = command.is_on("privileged"),
        .detach = command.is_on("detach"),
    };
    lib::Engine engine = globals.make_engine();
    return lib::exec_in_container(engine, request);
}

} // namespace cli
