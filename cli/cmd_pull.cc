// ctl pull.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/create_request.h"
#include "cli/output.h"
#include "cli/platform_options.h"
#include "cli/progress.h"
#include "cli/registry_options.h"
#include "cli/targets.h"
#include "lib/image_place.h"
#include "lib/pull.h"
#include "lib/resolve_image.h"

namespace cli {
int cmd_pull(const ParsedCommand& command, const Globals& globals) {
    const std::string platform = wanted_platform(command);
    const lib::PullPolicy policy = parse_pull_policy("--policy", command.find("policy").value_or("always"));
    const bool all_tags = command.is_on("all-tags");
    if (all_tags && command.find("policy")) throw Error("pull: --all-tags and --policy exclude each other");
    lib::Engine engine = globals.make_engine();
    const lib::Callbacks callbacks = make_callbacks(command.is_on("quiet"));
    const lib::RegistryOptions registry = registry_options(command);
    for_each_target(command.arguments, [&](const std::string& name) {
        if (all_tags)
            for (const lib::PullResult& one : lib::pull_all_tags(engine, {name, platform, registry}, callbacks)) print(one.image_id + "\n");
        else if (policy == lib::PullPolicy::always)
            print(lib::pull_image(engine, {name, platform, registry}, callbacks).image_id + "\n");
        else
            print(lib::resolve_image_id(engine, {lib::find_file_place(name) ? name : lib::without_transport(name, "pull"), policy, platform, registry}, callbacks) + "\n");
    });
    return 0;
}

} // namespace cli
