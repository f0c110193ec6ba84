// The options about resource limits, which run, create and update have in common.
#pragma once

#include "cli/parse.h"
#include "lib/create_options.h"

namespace cli {

/// Throws Error naming the option whose value cannot be understood.
lib::LimitOptions read_limit_options(const ParsedCommand& command);

} // namespace cli
