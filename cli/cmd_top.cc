// ctl top.
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/top.h"

namespace cli {

int cmd_top(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const lib::TopTable top =
        lib::top_container(engine, command.arguments.front(), {command.arguments.begin() + 1, command.arguments.end()});
    Table table(top.headings);
    for (const auto& row : top.rows) table.add(row);
    print(table.text());
    return 0;
}

} // namespace cli
