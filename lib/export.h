// export: a container's own files as one tar archive, without what is mounted in it.
#pragma once

#include "lib/engine.h"

#include <string>

namespace lib {

/// Writes to the descriptor, which is `name`. The container may run: files arrive as they are when their turn comes.
void export_container(Engine& engine, const std::string& id_or_name, int fd, const std::string& name);

} // namespace lib
