// ctl mount.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/mount.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

void print_mounted(const std::vector<lib::MountedContainer>& mounted, bool as_json, bool truncate) {
    if (as_json) {
        nlohmann::json list = nlohmann::json::array();
        for (const lib::MountedContainer& m : mounted) list.push_back({{"id", m.id}, {"Names", {m.name}}, {"mountpoint", m.path}});
        print(json_text(list));
        return;
    }
    std::string lines;
    for (const lib::MountedContainer& m : mounted) lines += cat(truncate ? short_id(m.id) : m.id, " ", escaped(m.path), "\n");
    print(lines);
}

} // namespace

int cmd_mount(const ParsedCommand& command, const Globals& globals) {
    const auto format = command.find("format");
    if (format && *format != "json") throw Error("--format ", *format, ": only json is known here");
    lib::Engine engine = globals.make_engine();
    const bool truncate = !command.is_on("no-trunc");
    const auto list_all = [&] { return container_ids(engine, Running::or_not); };
    const std::vector<std::string> names = arguments_with_latest(command, 0, list_all);
    if (names.empty() && !command.is_on("all")) {
        print_mounted(lib::mounted_roots(engine), format.has_value(), truncate);
        return 0;
    }
    const std::vector<std::string> targets = command.is_on("latest") ? names : targets_or_all(command, list_all);
    std::vector<lib::MountedContainer> mounted;
    std::vector<Error> errors = try_each_target(targets, [&](const std::string& name) { mounted.push_back(lib::mount_root(engine, name)); });
    if (format || command.is_on("all")) {
        print_mounted(mounted, format.has_value(), truncate);
    } else {
        std::string lines; // the path alone, for mnt=$(ctl mount web)
        for (const lib::MountedContainer& m : mounted) lines += (targets.size() > 1 ? m.id.substr(0, 12) + " " : "") + m.path + "\n";
        print(lines);
    }
    throw_errors(std::move(errors));
    return 0;
}

} // namespace cli
