// ctl rename.
#include "cli/commands.h"
#include "lib/rename.h"

namespace cli {

int cmd_rename(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::rename_container(engine, command.arguments[0], command.arguments[1]);
    return 0;
}

} // namespace cli
