// What containers take on disk, for `ps --size` and `inspect --size`.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lib {

struct ContainerSize {
    std::int64_t writable = 0; ///< bytes in its own layer
    std::int64_t root_fs = 0;  ///< and in those of its image
};

/// By full id. Walks each container's files, as root of the store's user namespace: its files belong to subordinate ids.
/// A container that is removed meanwhile is missing from the result.
std::map<std::string, ContainerSize> measure_containers(Engine& engine, const std::vector<std::string>& ids);

} // namespace lib
