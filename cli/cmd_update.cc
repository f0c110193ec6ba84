// ctl update.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/limit_options.h"
#include "cli/output.h"
#include "lib/update.h"

namespace cli {

int cmd_update(const ParsedCommand& command, const Globals& globals) {
    if (command.values.empty()) throw Error("update: nothing to change is named; see ctl update --help");
    const lib::LimitOptions limits = read_limit_options(command);
    const auto restart = command.find("restart");
    const std::string& name = command.arguments.front();
    const auto notice = [](const std::string& sentence) { print_notice(escaped(sentence)); };
    lib::Engine engine = globals.make_engine();
    std::string id;
    const auto added = command.list("publish-add"), removed = command.list("publish-rm");
    const std::size_t others = (restart ? 1U : 0U) + (added.empty() ? 0 : 1) + (removed.empty() ? 0 : 1);
    if (command.values.size() > others) id = lib::update_container(engine, name, limits, notice);
    if (!added.empty() || !removed.empty()) id = lib::update_ports(engine, name, added, removed);
    if (restart) id = lib::update_restart_policy(engine, name, *restart, notice);
    print(id + "\n");
    return 0;
}

} // namespace cli
