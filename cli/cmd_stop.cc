// ctl stop.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {

int cmd_stop(const ParsedCommand& command, const Globals& globals) {
    lib::StopOptions options;
    options.ignore = command.is_on("ignore");
    if (const auto time = command.find("time")) options.timeout = parse_seconds("time", *time);
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, is_active);
    report_outcomes(targets, lib::stop_containers(engine, targets, options,
                                                  [](const std::string& sentence) { print_notice(escaped(sentence)); }));
    return 0;
}

} // namespace cli
