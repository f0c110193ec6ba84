// ctl mount and ctl image mount.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/images.h"
#include "lib/mount.h"

#include <nlohmann/json.hpp>

#include <functional>

namespace cli {
namespace {

void print_mounted(const std::vector<lib::MountedRoot>& mounted, bool as_json, bool truncate) {
    if (as_json) {
        nlohmann::json list = nlohmann::json::array();
        for (const lib::MountedRoot& m : mounted) list.push_back({{"id", m.id}, {"Names", {m.name}}, {"mountpoint", m.path}});
        print(json_text(list));
        return;
    }
    std::string lines;
    for (const lib::MountedRoot& m : mounted) lines += cat(truncate ? short_id(m.id) : m.id, " ", escaped(m.path), "\n");
    print(lines);
}

/// Whether a list for a program is wanted.
bool wants_json(const ParsedCommand& command) {
    const auto format = command.find("format");
    if (format && *format != "json") throw Error("--format ", *format, ": only json is known here");
    return format.has_value();
}

/// Mounts what the targets name and tells where.
int mount_targets(const ParsedCommand& command, const std::vector<std::string>& targets, bool truncate,
                  const std::function<lib::MountedRoot(const std::string&)>& mount) {
    std::vector<lib::MountedRoot> mounted;
    std::vector<Error> errors = try_each_target(targets, [&](const std::string& name) { mounted.push_back(mount(name)); });
    if (wants_json(command) || command.is_on("all")) {
        print_mounted(mounted, wants_json(command), truncate);
    } else {
        std::string lines; // the path alone, for mnt=$(ctl mount web)
        for (const lib::MountedRoot& m : mounted) lines += (targets.size() > 1 ? m.id.substr(0, 12) + " " : "") + m.path + "\n";
        print(lines);
    }
    throw_errors(std::move(errors));
    return 0;
}

} // namespace

int cmd_image_mount(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const bool as_json = wants_json(command);
    if (command.arguments.empty() && !command.is_on("all")) {
        print_mounted(lib::mounted_images(engine), as_json, true);
        return 0;
    }
    const auto list_all = [&] {
        std::vector<std::string> ids;
        for (const auto& image : lib::list_images(engine)) ids.push_back(image.id);
        return ids;
    };
    return mount_targets(command, targets_or_all(command, list_all), true, [&](const std::string& name) { return lib::mount_image(engine, name); });
}

int cmd_mount(const ParsedCommand& command, const Globals& globals) {
    const bool as_json = wants_json(command);
    lib::Engine engine = globals.make_engine();
    const bool truncate = !command.is_on("no-trunc");
    const auto list_all = [&] { return container_ids(engine, Running::or_not); };
    const std::vector<std::string> names = arguments_with_latest(command, 0, list_all);
    if (names.empty() && !command.is_on("all")) {
        print_mounted(lib::mounted_roots(engine), as_json, truncate);
        return 0;
    }
    const std::vector<std::string> targets = command.is_on("latest") ? names : targets_or_all(command, list_all);
    return mount_targets(command, targets, truncate, [&](const std::string& name) { return lib::mount_root(engine, name); });
}

} // namespace cli
