// ctl rm.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {

int cmd_rm(const ParsedCommand& command, const Globals& globals) {
    lib::RemoveOptions options{.force = command.is_on("force"), .volumes = command.is_on("volumes")};
    if (const auto time = command.find("time")) {
        if (!options.force) throw Error("rm: --time needs --force");
        options.timeout = parse_seconds("time", *time);
    }
    lib::Engine engine = globals.make_engine();
    const auto targets = targets_or_all(command, [&] { return container_ids(engine, Running::or_not); });
    for_each_target(targets, [&](const std::string& name) {
        lib::remove_container(engine, name, options);
        print(escaped(name) + "\n");
    });
    return 0;
}

} // namespace cli
