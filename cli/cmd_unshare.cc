// ctl unshare.
#include "cli/commands.h"
#include "lib/unshare.h"

namespace cli {

int cmd_unshare(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    lib::unshare(engine, command.arguments);
}

} // namespace cli
