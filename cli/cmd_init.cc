// ctl init.
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/run.h"

namespace cli {

int cmd_init(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, [](const lib::ContainerSummary& one) { return !is_active(one); });
    report_outcomes(targets, lib::init_containers(engine, targets, make_callbacks(false)));
    return 0;
}

} // namespace cli
