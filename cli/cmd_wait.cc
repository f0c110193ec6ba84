// ctl wait.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/containers.h"

namespace cli {

int cmd_wait(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    for_each_target(command.arguments,
                    [&](const std::string& name) { print(cat(lib::wait_container(engine, name), "\n")); });
    return 0;
}

} // namespace cli
