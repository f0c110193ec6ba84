// ctl kill.
#include "cli/commands.h"
#include "cli/targets.h"
#include "lib/containers.h"

namespace cli {

int cmd_kill(const ParsedCommand& command, const Globals& globals) {
    const std::string signal = command.find("signal").value_or("KILL");
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, [](const lib::ContainerSummary& one) {
        return is_active(one) && one.status != lib::ContainerStatus::initialized;
    });
    report_outcomes(targets, lib::kill_containers(engine, targets, signal));
    return 0;
}

} // namespace cli
