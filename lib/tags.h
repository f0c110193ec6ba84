// The tags of a repository in a registry.
#pragma once

#include "lib/registry_access.h"

#include <string>
#include <vector>

namespace lib {

/// As the registry sorts them; `limit` 0: all.
std::vector<std::string> list_tags(Engine& engine, const RegistryAccess& access, const oci::Reference& repository, const Notice& notice,
                                   std::size_t limit = 0);

} // namespace lib
