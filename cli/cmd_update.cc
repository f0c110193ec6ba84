// ctl update.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/limit_options.h"
#include "cli/output.h"
#include "lib/update.h"

namespace cli {

int cmd_update(const ParsedCommand& command, const Globals& globals) {
    if (command.values.empty()) throw Error("update: no limit is named; see ctl update --help");
    const lib::LimitOptions limits = read_limit_options(command);
    lib::Engine engine = globals.make_engine();
    print(lib::update_container(engine, command.arguments.front(), limits,
                                [](const std::string& sentence) { print_notice(escaped(sentence)); }) + "\n");
    return 0;
}

} // namespace cli
