// ctl umount and ctl image unmount.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/mount.h"

namespace cli {

int cmd_umount(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const bool all = command.is_on("all");
    const auto mounted = [&] {
        std::vector<std::string> ids;
        for (const lib::MountedRoot& m : lib::mounted_roots(engine)) ids.push_back(m.id);
        return ids;
    };
    const std::vector<std::string> targets =
        command.is_on("latest") ? arguments_with_latest(command, 1, [&] { return container_ids(engine, Running::or_not); })
                                : targets_or_all(command, mounted);
    const auto busy = command.is_on("force") ? lib::Busy::unmount : lib::Busy::refuse;
    for_each_target(targets, [&](const std::string& name) {
        if (!lib::unmount_root(engine, name, busy)) throw Error("container ", name, " is not mounted here");
        print(cat(escaped(all ? short_id(name) : name), "\n"));
    });
    return 0;
}

int cmd_image_unmount(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const auto mounted = [&] {
        std::vector<std::string> ids;
        for (const lib::MountedRoot& m : lib::mounted_images(engine)) ids.push_back(m.id);
        return ids;
    };
    const auto busy = command.is_on("force") ? lib::Busy::unmount : lib::Busy::refuse;
    for_each_target(targets_or_all(command, mounted), [&](const std::string& name) {
        if (!lib::unmount_image(engine, name, busy)) throw Error("image ", name, " is not mounted here");
        print(cat(escaped(name), "\n"));
    });
    return 0;
}

} // namespace cli
