// ctl version.
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/format.h"
#include "cli/output.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

namespace cli {

int cmd_version(const ParsedCommand& command, const Globals&) {
    const nlohmann::json document = lib::engine_version();
    const std::string format = command.find("format").value_or("");
    // Templates may ask for the server as well, and get what Podman says where there is none: the same again.
    if (format.empty()) print(outline_text(document));
    else if (Format parsed = Format::parse(format); parsed.is_json()) print(parsed.render(document));
    else print(parsed.render_all({document}, {{{"Server", document["Client"]}}}, default_context()));
    return 0;
}

} // namespace cli
