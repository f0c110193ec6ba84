// From the options of `run` and `create` to what lib/run.h is asked for.
#pragma once

#include "cli/parse.h"
#include "lib/run.h"

namespace cli {

/// Throws Error naming the option whose value cannot be understood or is not supported yet.
lib::CreateRequest make_create_request(const ParsedCommand& command);

/// Of --pull, or --policy. Throws Error.
lib::PullPolicy parse_pull_policy(std::string_view option, const std::string& text);

} // namespace cli
