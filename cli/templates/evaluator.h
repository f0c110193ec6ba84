// From a parsed template and data to text.
#pragma once

#include "cli/templates/parser.h"
#include "cli/templates/template.h"

#include <string>

namespace cli::templates {

/// Throws Error; half a result is never returned.
std::string evaluate(const ParsedTemplate& parsed, const Value& data, const Schema& schema);

/// What stands above a table's columns: the template's text with the name of the first field of each action in its place,
/// as `heading` makes it.
std::string headings_of(const ParsedTemplate& parsed, const std::function<std::string(const std::string&)>& heading);

} // namespace cli::templates
