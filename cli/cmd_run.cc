// ctl run.
#include "cli/commands.h"
#include "cli/create_request.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace cli {

int cmd_run(const ParsedCommand& command, const Globals& globals) {
    lib::CreateRequest request = make_create_request(command);
    request.detach = command.is_on("detach");
    lib::Engine engine = globals.make_engine();
    const auto on_id = [&](const lib::CreateResult& created) {
        print_warnings(created.warnings);
        if (request.detach) print(created.id + "\n");
    };
    return lib::run_container(engine, request, make_callbacks(false), on_id).exit_status;
}

} // namespace cli
