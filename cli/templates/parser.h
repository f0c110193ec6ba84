// From tokens to what a template is. Everything that can be wrong without data is found here: unknown functions and variables,
// missing {{end}}.
#pragma once

#include "cli/templates/ast.h"

#include <map>
#include <string>
#include <string_view>

namespace cli::templates {

struct ParsedTemplate {
    Block body;
    std::map<std::string, Block> named; ///< {{define}} and {{block}}
};

/// What stands from `start` on; characters are counted from the beginning all the same. Throws Error.
ParsedTemplate parse_template(std::string_view text, std::size_t start);

} // namespace cli::templates
