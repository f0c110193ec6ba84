// What takes room in the store and belongs to no image, container, volume or artifact: the last line of `ctl system df`.
#pragma once

#include "lib/engine.h"
#include "lib/system.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace lib {

/// All bytes below the data root, and below the image root where that is apart.
struct StoreUsage {
    std::uint64_t total = 0;
    std::vector<UsageDetails::OfOther> others; ///< the rest of it, by kind; none is empty
};

/// `counted`: the trees that belong to something; all of them together have `counted_bytes`.
StoreUsage store_usage(Engine& engine, const std::set<std::string>& counted, std::uint64_t counted_bytes);

} // namespace lib
