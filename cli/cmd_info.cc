// ctl info.
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/output.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

namespace cli {

int cmd_info(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    print(document_text(command, lib::engine_info(engine)));
    return 0;
}

} // namespace cli
