// The options of cli/spec_registry.h as a request.
#pragma once

#include "cli/parse.h"
#include "lib/registry_access.h"

#include <string>

namespace cli {

/// Of the options that the command has. Asks for the password of --creds where it is missing.
lib::RegistryOptions registry_options(const ParsedCommand& command);

/// Asks on the terminal; a secret is not shown. Throws Error, with `otherwise` as the way out, where standard input is none.
enum class Echo { on, off };
std::string ask(const std::string& question, Echo echo, const std::string& otherwise);
/// The password, where `option` (without dashes) would have said it.
std::string ask_password(const std::string& option);

} // namespace cli
