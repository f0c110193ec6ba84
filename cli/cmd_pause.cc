// ctl pause and ctl unpause.
#include "cli/commands.h"
#include "cli/targets.h"
#include "lib/pause.h"

namespace cli {
namespace {

auto with_status(lib::ContainerStatus status) {
    return [status](const lib::ContainerSummary& one) { return one.status == status; };
}

} // namespace

int cmd_pause(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, with_status(lib::ContainerStatus::running));
    report_outcomes(targets, lib::pause_containers(engine, targets));
    return 0;
}

int cmd_unpause(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, with_status(lib::ContainerStatus::paused));
    report_outcomes(targets, lib::unpause_containers(engine, targets));
    return 0;
}

} // namespace cli
