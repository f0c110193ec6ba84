// ctl create.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/conf_defaults.h"
#include "cli/create_request.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace cli {

int cmd_create(const ParsedCommand& command, const Globals& globals) {
    lib::CreateRequest request = make_create_request(command);
    apply_conf(request, globals.conf);
    if (request.life.runtime.empty()) request.life.runtime = globals.runtime;
    if (request.life.runtime_flags.empty()) request.life.runtime_flags = globals.runtime_flags;
    if (!request.attach.empty()) throw Error("create: --attach is the start's business: ctl start --attach");
    lib::Engine engine = globals.make_engine();
    const lib::CreateResult created = lib::create_container(engine, request, make_callbacks(command.is_on("quiet")));
    print_warnings(created.warnings);
    print(created.id + "\n");
    return 0;
}

} // namespace cli
