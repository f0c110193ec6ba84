// ctl rm.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {

int cmd_rm(const ParsedCommand& command, const Globals& globals) {
    lib::RemoveOptions options{.force = command.is_on("force"),
                               .ignore = command.is_on("ignore"),
                               .depend = command.is_on("depend"),
                               .volumes = command.is_on("volumes")};
    if (const auto time = command.find("time")) {
        if (!options.force) throw Error("rm: --time needs --force");
        options.timeout = parse_seconds("time", *time);
    }
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, [](const lib::ContainerSummary&) { return true; });
    report_outcomes(targets, lib::remove_containers(engine, targets, options));
    return 0;
}

} // namespace cli
