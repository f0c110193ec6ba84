// ctl cp.
#include "base/error.h"
#include "cli/commands.h"
#include "lib/copy.h"

namespace cli {

int cmd_cp(const ParsedCommand& command, const Globals& globals) {
    lib::CopyRequest request;
    request.source = lib::parse_copy_end(command.arguments[0]);
    request.destination = lib::parse_copy_end(command.arguments[1]);
    request.chown = command.is_on("archive", true);
    request.overwrite = command.is_on("overwrite");
    lib::Engine engine = globals.make_engine();
    const lib::CopyResult result = lib::copy_files(engine, request);
    std::vector<std::string> warnings;
    if (result.unreadable > 0) warnings.push_back(cat(result.unreadable, " files may not be read and were left out"));
    if (result.special > 0) warnings.push_back(cat(result.special, " devices, sockets or mounts of the kernel were left out"));
    print_warnings(warnings);
    return 0;
}

} // namespace cli
