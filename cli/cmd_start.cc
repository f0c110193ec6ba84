// ctl start.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/run.h"

namespace cli {

int cmd_start(const ParsedCommand& command, const Globals& globals) {
    const bool interactive = command.is_on("interactive");
    const lib::StartOptions options{
        .attach = command.is_on("attach") || interactive, // as Podman: -i alone attaches as well
        .interactive = interactive,
        .sig_proxy = command.is_on("sig-proxy", true),
    };
    if (options.attach && command.arguments.size() > 1) throw Error("start: only one container can be attached to at a time");
    lib::Engine engine = globals.make_engine();
    const lib::Callbacks callbacks = make_callbacks(false);
    int status = 0;
    for_each_target(command.arguments, [&](const std::string& name) {
        status = lib::start_container(engine, name, options, callbacks).exit_status;
        if (!options.attach) print(escaped(name) + "\n");
    });
    return options.attach ? status : 0;
}

} // namespace cli
