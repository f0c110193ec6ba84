// ctl run.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/conf_defaults.h"
#include "cli/create_request.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/values.h"
#include "lib/images.h"
#include "lib/resolve_image.h"

namespace cli {
namespace {

/// --rmi: another container's image stays, and that is no error. The monitor removes it too, for whoever has left.
void remove_image_of(lib::Engine& engine, const std::string& image) {
    try {
        lib::remove_image(engine, image, {});
    } catch (const Error& e) {
        if (lib::find_local_image(engine, image)) print_warnings({cat("--rmi: ", e.what())});
    }
}

} // namespace

int cmd_run(const ParsedCommand& command, const Globals& globals) {
    lib::CreateRequest request = make_create_request(command);
    apply_conf(request, globals.conf);
    if (request.life.runtime.empty()) request.life.runtime = globals.runtime;
    if (request.life.runtime_flags.empty()) request.life.runtime_flags = globals.runtime_flags;
    request.detach = command.is_on("detach");
    request.sig_proxy = command.is_on("sig-proxy", true);
    if (const auto keys = command.find("detach-keys")) request.detach_keys = lib::DetachKeys(*keys);
    request.user_files.passwd = command.is_on("passwd", true);
    request.life.preserve_fds = preserved_fds(command);
    request.remove_image = command.is_on("rmi");
    request.remove = request.remove || request.remove_image;
    if (request.detach && !request.attach.empty()) throw Error("--attach and --detach exclude each other");
    lib::Engine engine = globals.make_engine();
    const auto on_id = [&](const lib::CreateResult& created) {
        print_warnings(created.warnings);
        if (request.detach) print(created.id + "\n");
    };
    const lib::StartResult result = lib::run_container(engine, request, make_callbacks(command.is_on("quiet")), on_id);
    if (request.remove_image && !result.detached) remove_image_of(engine, request.image);
    return result.exit_status;
}

} // namespace cli
