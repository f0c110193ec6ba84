// ctl attach.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/targets.h"
#include "lib/attach.h"

namespace cli {

int cmd_attach(const ParsedCommand& command, const Globals& globals) {
    lib::AttachOptions options{.interactive = !command.is_on("no-stdin"), .sig_proxy = command.is_on("sig-proxy", true)};
    if (const auto keys = command.find("detach-keys")) options.detach_keys = lib::DetachKeys(*keys);
    lib::Engine engine = globals.make_engine();
    return lib::attach_container(engine, container_targets(command, engine, {}).front(), options).exit_status;
}

} // namespace cli
