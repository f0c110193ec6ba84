// The YAML file of image sync (skopeo-sync(1), "YAML file content").
#pragma once

#include "lib/pattern.h"
#include "lib/registry_access.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// A repository that the file asks for.
struct SyncRepository {
    std::string name;                    ///< registry/path
    std::vector<std::string> tags{};     ///< or digests; none and no pattern: all tags
    std::optional<Pattern> tag_pattern{};
    RegistryOptions registry{};          ///< the command's, and what the file says
};

/// Throws Error with file and field. images-by-semver is not supported.
std::vector<SyncRepository> parse_sync_yaml(const std::string& text, const std::string& file, const RegistryOptions& options);

} // namespace lib
