// ctl umount.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/mount.h"

namespace cli {

int cmd_umount(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const bool all = command.is_on("all");
    const std::vector<std::string> targets = targets_or_all(command, [&] {
        std::vector<std::string> ids;
        for (const lib::MountedContainer& m : lib::mounted_roots(engine)) ids.push_back(m.id);
        return ids;
    });
    for_each_target(targets, [&](const std::string& name) {
        if (!lib::unmount_root(engine, name)) throw Error("container ", name, " is not mounted here");
        print(cat(escaped(all ? short_id(name) : name), "\n"));
    });
    return 0;
}

} // namespace cli
