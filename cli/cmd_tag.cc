// ctl tag.
#include "cli/commands.h"
#include "cli/targets.h"
#include "lib/images.h"

namespace cli {

int cmd_tag(const ParsedCommand& command, const Globals& globals) {
    lib::Engine engine = globals.make_engine();
    const std::string& image = command.arguments.front();
    for_each_target({command.arguments.begin() + 1, command.arguments.end()},
                    [&](const std::string& name) { lib::tag_image(engine, image, name); });
    return 0;
}

} // namespace cli
