// How a push writes layers and manifests, of the options that push and manifest push have.
#pragma once

#include "cli/parse.h"
#include "lib/push.h"

namespace cli {

/// Throws Error.
lib::PackingOptions packing_options(const ParsedCommand& command);

} // namespace cli
