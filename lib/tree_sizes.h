// Sizes of trees that hold files of subordinate ids.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

/// storage::tree_size of each path, measured in the user namespace; 0 for what is not there.
std::vector<std::uint64_t> tree_sizes(Engine& engine, const std::vector<std::string>& paths);

} // namespace lib
