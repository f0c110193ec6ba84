// ctl rm.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {
namespace {

/// As podman-rm(1), "Exit Status": 1 where there is no such container.
void remove(lib::Engine& engine, const std::string& name, const lib::RemoveOptions& options) {
    if (options.force) return lib::remove_container(engine, name, options); // a missing one is no error
    std::string id;
    try {
        id = lib::find_container_id(engine, name);
    } catch (Error& e) {
        e.exit_code = 1;
        throw;
    }
    lib::remove_container(engine, id, options);
}

} // namespace

int cmd_rm(const ParsedCommand& command, const Globals& globals) {
    lib::RemoveOptions options{.force = command.is_on("force"), .volumes = command.is_on("volumes")};
    if (const auto time = command.find("time")) {
        if (!options.force) throw Error("rm: --time needs --force");
        options.timeout = parse_seconds("time", *time);
    }
    lib::Engine engine = globals.make_engine();
    const auto targets = targets_or_all(command, [&] { return container_ids(engine, Running::or_not); });
    for_each_target(targets, [&](const std::string& name) {
        remove(engine, name, options);
        print(escaped(name) + "\n");
    });
    return 0;
}

} // namespace cli
