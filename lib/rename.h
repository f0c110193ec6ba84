// rename: another name for a container, running or not.
#pragma once

#include "lib/engine.h"

#include <string>

namespace lib {

void rename_container(Engine& engine, const std::string& id_or_name, const std::string& new_name);

} // namespace lib
