// ctl kill.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/containers.h"

namespace cli {

int cmd_kill(const ParsedCommand& command, const Globals& globals) {
    const std::string signal = command.find("signal").value_or("KILL");
    lib::Engine engine = globals.make_engine();
    const auto targets = targets_or_all(command, [&] { return container_ids(engine, Running::only); });
    for_each_target(targets, [&](const std::string& name) {
        lib::kill_container(engine, name, signal);
        print(escaped(name) + "\n");
    });
    return 0;
}

} // namespace cli
