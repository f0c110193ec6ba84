// ctl wait.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/wait.h"

namespace cli {

int cmd_wait(const ParsedCommand& command, const Globals& globals) {
    lib::WaitOptions options{.conditions = command.list_split("condition"), .ignore = command.is_on("ignore")};
    if (const auto interval = command.find("interval")) options.interval = parse_duration("interval", *interval);
    lib::check_wait_conditions(options.conditions);
    const lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, {});
    for_each_target(targets, [&](const std::string& name) { print(cat(lib::wait_container(engine, name, options), "\n")); });
    return 0;
}

} // namespace cli
