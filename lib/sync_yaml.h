// The YAML file of image sync (skopeo-sync(1), "YAML file content").
#pragma once

#include "lib/registry_access.h"

#include <functional>
#include <string>
#include <vector>

namespace lib {

/// A repository that the file asks for.
struct SyncRepository {
    std::string name;                    ///< registry/path
    std::vector<std::string> tags{};     ///< or digests; none: all tags that are wanted
    std::function<bool(const std::string& tag)> wants_tag{}; ///< empty: every one
    RegistryOptions registry{};          ///< the command's, and what the file says
};

/// Throws Error with file and field.
std::vector<SyncRepository> parse_sync_yaml(const std::string& text, const std::string& file, const RegistryOptions& options);

} // namespace lib
