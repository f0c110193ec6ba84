// Where containers are on disk, for the two halves of lib/container_store.h.
#pragma once

#include "lib/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// The directories that have containers: for good, and for this boot (--transient-store). The first may be missing, too.
std::vector<std::string> container_places(const Engine& engine);
/// The directory of a container that is there, in part at least; of another one where it would be for good.
std::string container_path(const Engine& engine, const std::string& id);
/// Of the containers in one of those directories, unsorted.
std::vector<std::string> container_ids_in(const std::string& place);
/// The id a name leads to. A link whose container is gone counts as no name.
std::optional<std::string> find_by_name(const Engine& engine, const std::string& name);

} // namespace lib
