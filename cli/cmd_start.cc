// ctl start.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/run.h"

namespace cli {

int cmd_start(const ParsedCommand& command, const Globals& globals) {
    const bool interactive = command.is_on("interactive");
    lib::StartOptions options{
        .attach = command.is_on("attach") || interactive, // as Podman: -i alone attaches as well
        .interactive = interactive,
        .sig_proxy = command.is_on("sig-proxy", true),
    };
    if (const auto keys = command.find("detach-keys")) options.detach_keys = lib::DetachKeys(*keys);
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, [](const lib::ContainerSummary& one) {
        return !is_active(one) || one.status == lib::ContainerStatus::initialized;
    });
    const lib::Callbacks callbacks = make_callbacks(false);
    if (!options.attach) {
        report_outcomes(targets, lib::start_containers(engine, targets, callbacks));
        return 0;
    }
    if (targets.size() > 1) throw Error("start: only one container can be attached to at a time");
    return lib::start_container(engine, targets.front(), options, callbacks).exit_status;
}

} // namespace cli
