// ctl container exists, prune and cleanup.
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/cleanup.h"

namespace cli {

int cmd_container_exists(const ParsedCommand& command, const Globals& globals) {
    return lib::container_exists(globals.make_engine(), command.arguments.front()) ? 0 : 1;
}

int cmd_container_prune(const ParsedCommand& command, const Globals& globals) {
    const lib::PruneFilter filter = lib::parse_prune_filter(command.list("filter"), sys::realtime_ns());
    if (!command.is_on("force") && !confirm("This will remove all containers that do not run.")) return 0;
    lib::Engine engine = globals.make_engine();
    lib::Pruned pruned = lib::prune_containers(engine, filter);
    std::string lines;
    for (const std::string& id : pruned.ids) lines += id + "\n";
    print(lines);
    throw_errors(std::move(pruned.errors));
    return 0;
}

int cmd_container_cleanup(const ParsedCommand& command, const Globals& globals) {
    const lib::CleanupOptions options{.remove = command.is_on("rm"), .remove_image = command.is_on("rmi")};
    lib::Engine engine = globals.make_engine();
    const auto targets = container_targets(command, engine, [](const lib::ContainerSummary& one) { return !is_active(one); });
    report_outcomes(targets, lib::clean_up_containers(engine, targets, options));
    return 0;
}

} // namespace cli
