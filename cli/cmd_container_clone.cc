// ctl container clone.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/limit_options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "lib/clone.h"
#include "lib/run.h"

namespace cli {
int cmd_container_clone(const ParsedCommand& command, const Globals& globals) {
    lib::CloneRequest request;
    request.container = command.arguments[0];
    if (command.arguments.size() > 1) request.name = command.arguments[1];
    if (command.arguments.size() > 2) request.image = command.arguments[2];
    if (const auto name = command.find("name")) {
        if (!request.name.empty() && request.name != *name) throw Error("the clone got two names: ", request.name, " and ", *name);
        request.name = *name;
    }
    request.limits = read_limit_options(command);
    request.destroy = command.is_on("destroy");
    request.force = command.is_on("force");
    lib::Engine engine = globals.make_engine();
    const std::string id = lib::clone_container(engine, request, make_callbacks(false));
    if (command.is_on("run")) lib::start_container(engine, id, {}, {});
    print(id + "\n");
    return 0;
}

} // namespace cli
