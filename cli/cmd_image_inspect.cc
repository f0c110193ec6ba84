// ctl image inspect: of images here as inspect does, and with --remote of those elsewhere.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/platform_options.h"
#include "cli/progress.h"
#include "cli/registry_options.h"
#include "lib/containers.h"
#include "lib/remote_image.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

void check_options(const ParsedCommand& command, bool remote) {
    if (!remote)
        for (const char* option : {"raw", "config", "no-tags"})
            if (command.is_on(option)) throw Error("image inspect: --", option, " is for --remote");
    if (!remote && !wanted_platform(command).empty()) throw Error("image inspect: a platform can be chosen with --remote only");
    if (command.is_on("raw") && command.is_on("config")) throw Error("image inspect: --raw and --config exclude each other");
    if ((command.is_on("raw") || command.is_on("config")) && command.find("format"))
        throw Error("image inspect: --format is for neither --raw nor --config");
}

int inspect_remote(const ParsedCommand& command, const Globals& globals) {
    const std::string platform = wanted_platform(command);
    const lib::RegistryOptions registry = registry_options(command);
    lib::Engine engine = globals.make_engine();
    const lib::Notice notice = make_callbacks(false).notice;
    const std::string text = command.find("format").value_or("");
    for (const std::string& place : command.arguments) {
        const lib::RemoteImageRequest request{place, platform, !command.is_on("no-tags"), registry};
        if (command.is_on("raw")) print(lib::remote_manifest(engine, request, notice).body);
        else if (command.is_on("config")) print(lib::remote_config(engine, request, notice));
        else if (text.empty() || text == "json") print(json_text(lib::inspect_remote_image(engine, request, notice)));
        else print(Format::parse(text).render_all({lib::inspect_remote_image(engine, request, notice)}, default_context()));
    }
    return 0;
}

} // namespace

int cmd_image_inspect(const ParsedCommand& command, const Globals& globals) {
    const bool remote = command.is_on("remote");
    check_options(command, remote);
    if (remote) return inspect_remote(command, globals);
    const lib::Engine engine = globals.make_engine();
    print_inspected(command, command.arguments, [&](const std::string& name) { return lib::inspect_image(engine, name); });
    return 0;
}

} // namespace cli
