// Printing whole documents for `info` and `version`: as indented "Key: value" lines, or as --format says.
#pragma once

#include "cli/parse.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace cli {

/// Nested "key: value" lines, two blanks deeper for each level, lists with "- ".
std::string outline_text(const nlohmann::json& document);

/// As the option --format of info and version says; without it the outline.
std::string document_text(const ParsedCommand& command, const nlohmann::json& document);

/// `inspect` of several: a list of a document each, or what a template makes of them, without headings as in Podman. What was found is
/// shown, whatever else was not; then the Errors are thrown.
void print_inspected(const ParsedCommand& command, const std::vector<std::string>& names,
                     const std::function<nlohmann::json(const std::string& name)>& inspect);

/// `ls` with --format, which may have --noheading. False where no format was given.
[[nodiscard]] bool print_formatted(const ParsedCommand& command, const std::vector<nlohmann::json>& documents);

} // namespace cli
