// Printing whole documents for `info` and `version`: as indented "Key: value" lines, or as --format says.
#pragma once

#include "cli/parse.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace cli {

/// Nested "key: value" lines, two blanks deeper for each level, lists with "- ".
std::string outline_text(const nlohmann::json& document);

/// As the option --format of info and version says; without it the outline.
std::string document_text(const ParsedCommand& command, const nlohmann::json& document);

} // namespace cli
