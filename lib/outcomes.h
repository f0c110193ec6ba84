// What became of each of several targets of one command.
#pragma once

#include "base/error.h"

#include <optional>
#include <vector>

namespace lib {

/// One for each target, in their order: nothing where it worked, else why not.
using Outcomes = std::vector<std::optional<Error>>;

} // namespace lib
