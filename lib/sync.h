// image sync: whole repositories, or trees of dir: images, to a registry or a directory, as skopeo sync does.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"
#include "lib/run.h"

#include <string>
#include <vector>

namespace lib {

struct SyncRequest {
    std::string source_transport; ///< docker: REGISTRY/REPOSITORY[:TAG]; dir: a directory; yaml: a file that lists repositories
    std::string source;
    std::string destination_transport; ///< docker: REGISTRY[/PATH]; dir: a directory
    std::string destination;
    bool scoped = false;        ///< the whole name of the source below the destination, not only its last part
    std::string append_suffix;  ///< to the tags at the destination
    RegistryOptions source_registry;
};

/// One image of a sync, both ends as copy takes them.
struct SyncItem {
    std::string source;
    std::string destination;
    RegistryOptions source_registry; ///< with what a yaml file says of the registry
};

/// What is to be copied, in the order of the source: a repository without a tag means all of its tags. Throws Error where it finds
/// nothing.
std::vector<SyncItem> plan_sync(Engine& engine, const SyncRequest& request, const Callbacks& callbacks);

} // namespace lib
