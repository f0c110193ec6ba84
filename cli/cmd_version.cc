// ctl version.
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/output.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

namespace cli {

int cmd_version(const ParsedCommand& command, const Globals&) {
    print(document_text(command, lib::engine_version()));
    return 0;
}

} // namespace cli
