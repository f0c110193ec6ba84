// ctl generate spec.
#include "base/files.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

namespace cli {

int cmd_generate_spec(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const nlohmann::json document = lib::container_document(engine, command.arguments.at(0));
    const std::string text = command.is_on("compact") ? document.dump(-1, ' ', true) + "\n" : json_text(document);
    if (const auto file = command.find("filename")) files::write_atomic(AT_FDCWD, *file, text, 0644, files::Durability::none);
    else print(text);
    return 0;
}

} // namespace cli
