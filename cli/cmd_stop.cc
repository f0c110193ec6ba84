// ctl stop.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {

int cmd_stop(const ParsedCommand& command, const Globals& globals) {
    lib::StopOptions options;
    if (const auto time = command.find("time")) options.timeout = parse_seconds("time", *time);
    lib::Engine engine = globals.make_engine();
    const auto targets = targets_or_all(command, [&] { return container_ids(engine, Running::only); });
    for_each_target(targets, [&](const std::string& name) {
        lib::stop_container(engine, name, options, [](const std::string& sentence) { print_notice(escaped(sentence)); });
        print(escaped(name) + "\n");
    });
    return 0;
}

} // namespace cli
