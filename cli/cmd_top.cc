// ctl top.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/top.h"

namespace cli {

int cmd_top(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const auto words = arguments_with_latest(command, 1, [&] { return container_ids(engine, Running::or_not); });
    const lib::TopTable top = lib::top_container(engine, words.front(), {words.begin() + 1, words.end()});
    Table table(top.headings);
    for (const auto& row : top.rows) table.add(row);
    print(table.text());
    return 0;
}

} // namespace cli
