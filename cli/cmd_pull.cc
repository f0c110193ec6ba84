// ctl pull.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/platform_options.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/pull.h"

namespace cli {
int cmd_pull(const ParsedCommand& command, const Globals& globals) {
    const std::string platform = wanted_platform(command);
    lib::Engine engine = globals.make_engine();
    const lib::Callbacks callbacks = make_callbacks(command.is_on("quiet"));
    for_each_target(command.arguments, [&](const std::string& name) {
        print(lib::pull_image(engine, {.name = name, .platform = platform}, callbacks).image_id + "\n");
    });
    return 0;
}

} // namespace cli
