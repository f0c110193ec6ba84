// ctl restart.
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/restart.h"

namespace cli {

int cmd_restart(const ParsedCommand& command, const Globals& globals) {
    lib::StopOptions options;
    if (const auto time = command.find("time")) options.timeout = parse_seconds("time", *time);
    lib::Engine engine = globals.make_engine();
    const bool only_running = command.is_on("running");
    const auto targets = container_targets(command, engine, [&](const lib::ContainerSummary& one) { return !only_running || is_active(one); });
    report_outcomes(targets, lib::restart_containers(engine, targets, options, make_callbacks(false)));
    return 0;
}

} // namespace cli
