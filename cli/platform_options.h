// --platform, --os, --arch, --variant.
#pragma once

#include "cli/parse.h"

#include <string>

namespace cli {

/// os/architecture[/variant]; empty for this machine's. Throws Error for a combination that says two things.
std::string wanted_platform(const ParsedCommand& command);

} // namespace cli
