// The options of cli/spec_copy.h as a request.
#pragma once

#include "cli/parse.h"
#include "lib/push.h"
#include "lib/registry_access.h"

#include <string>
#include <string_view>

namespace cli {

/// --format and --preserve-digests.
lib::PackingOptions look_options_of(const ParsedCommand& command);

/// How one side's registry is spoken to; `side`: src, dest. Asks for the password of --SIDE-creds where it is missing.
lib::RegistryOptions side_registry_options(const ParsedCommand& command, std::string_view side);

} // namespace cli
