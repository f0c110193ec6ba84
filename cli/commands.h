// The commands, each in its own file cmd_<name>.cc. They fill the request structs of lib/, call it, and print.
#pragma once

#include "cli/command.h"

namespace cli {

int cmd_version(const ParsedCommand& command, const Globals& globals);

} // namespace cli
