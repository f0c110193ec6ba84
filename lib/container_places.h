// Where containers are on disk, for the two halves of lib/container_store.h.
#pragma once

#include "lib/engine.h"

#include <optional>
#include <string>

namespace lib {

std::string containers_path(const Engine& engine);
/// The id a name leads to. A link whose container is gone counts as no name.
std::optional<std::string> find_by_name(const Engine& engine, const std::string& name);

} // namespace lib
