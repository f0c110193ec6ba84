// ctl import.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/platform_options.h"
#include "cli/progress.h"
#include "lib/import.h"

#include <fcntl.h>
#include <unistd.h>

namespace cli {

int cmd_import(const ParsedCommand& command, const Globals& globals) {
    lib::ImportRequest request;
    request.source = command.arguments.front();
    request.name = command.arguments.size() > 1 ? command.arguments[1] : "";
    request.changes = command.list("change");
    request.message = command.find("message").value_or("");
    request.signature_policy = command.find("signature-policy").value_or("");
    request.platform = wanted_platform(command);
    if (request.source == "-" && ::isatty(STDIN_FILENO) == 1)
        throw Error("import: standard input is a terminal; give a file or a pipe");
    const bool is_url = request.source.starts_with("http://") || request.source.starts_with("https://");
    const UniqueFd fd = is_url ? UniqueFd() : request.source == "-" ? sys::dup(STDIN_FILENO) : sys::open(request.source, O_RDONLY | O_NOCTTY);
    request.fd = is_url ? -1 : fd.get();
    lib::Engine engine = globals.make_engine();
    print(cat("sha256:", lib::import_image(engine, request, make_callbacks(command.is_on("quiet"))), "\n"));
    return 0;
}

} // namespace cli
