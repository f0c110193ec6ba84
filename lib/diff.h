// diff: which files of a container or an image differ from what it was made from, or from another one's.
#pragma once

#include "lib/engine.h"
#include "storage/changes.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

struct DiffRequest {
    std::string object;              ///< a container or an image; a container comes first
    std::optional<std::string> base; ///< what to compare with; empty: a container's image, an image without its last layer
};

/// Sorted by path. What an engine makes in every container to mount on is left out.
std::vector<storage::Change> diff_objects(Engine& engine, const DiffRequest& request);

/// Paths (without the slash in front) that an engine makes in a container's root itself.
const std::vector<std::string>& engine_paths();

} // namespace lib
