// ctl rmi.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/images.h"

namespace cli {
namespace {

/// Every name of every image; the id of those that have none.
std::vector<std::string> all_images(const lib::Engine& engine) {
    std::vector<std::string> targets;
    for (const lib::ImageSummary& image : lib::list_images(engine)) {
        if (image.read_only) continue; // another store's
        targets.insert(targets.end(), image.names.begin(), image.names.end());
        if (image.names.empty()) targets.push_back(image.id);
    }
    return targets;
}

} // namespace

int cmd_rmi(const ParsedCommand& command, const Globals& globals) {
    const lib::RemoveImageOptions options{.force = command.is_on("force"), .ignore = command.is_on("ignore")};
    lib::Engine engine = globals.make_engine();
    const auto targets = targets_or_all(command, [&] { return all_images(engine); });
    for_each_target(targets, [&](const std::string& name) {
        const lib::RemoveImageResult removed = lib::remove_image(engine, name, options);
        for (const std::string& tag : removed.untagged) print(cat("Untagged: ", escaped(tag), "\n"));
        for (const std::string& id : removed.deleted) print(cat("Deleted: ", id, "\n"));
    });
    return 0;
}

} // namespace cli
