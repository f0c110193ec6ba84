// Printing whole documents: for `info` and `version` as indented "Key: value" lines, and --format for every command.
#pragma once

#include "cli/parse.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace cli {

/// Nested "key: value" lines, two blanks deeper for each level, lists with "- ".
std::string outline_text(const nlohmann::json& document);

/// What --format asks for: a line for each document, or all of them as a JSON list.
std::string formatted(const std::string& format, const std::vector<nlohmann::json>& documents);

/// As the option --format of info and version says; without it the outline.
std::string document_text(const ParsedCommand& command, const nlohmann::json& document);

} // namespace cli
