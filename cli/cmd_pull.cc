// ctl pull.
#include "base/error.h"
#include "base/oci/platform.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/targets.h"
#include "lib/pull.h"

namespace cli {
namespace {

/// os/architecture[/variant], empty for this machine's.
std::string wanted_platform(const ParsedCommand& command) {
    const auto os = command.find("os");
    const auto architecture = command.find("arch");
    if (const auto platform = command.find("platform")) {
        if (os || architecture) throw Error("pull: --platform and --os or --arch exclude each other");
        return oci::parse_platform(*platform).str();
    }
    if (!os && !architecture) return {};
    const oci::Platform host = oci::host_platform();
    return oci::parse_platform(cat(os.value_or(host.os), "/", architecture.value_or(host.architecture))).str();
}

} // namespace

int cmd_pull(const ParsedCommand& command, const Globals& globals) {
    const std::string platform = wanted_platform(command);
    lib::Engine engine = globals.make_engine();
    const lib::Callbacks callbacks = make_callbacks(command.is_on("quiet"));
    for_each_target(command.arguments, [&](const std::string& name) {
        print(lib::pull_image(engine, {.name = name, .platform = platform}, callbacks).image_id + "\n");
    });
    return 0;
}

} // namespace cli
