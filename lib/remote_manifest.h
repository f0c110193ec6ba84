// image delete and image referrers: a manifest in a registry deleted, or asked who refers to it.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

/// `place`: docker://NAME and nothing else, so that what is meant for our store does not reach a registry. All tags of the same
/// manifest go with it. Returns its digest.
std::string delete_remote_image(Engine& engine, const std::string& place, const RegistryOptions& options, const Notice& notice);

/// A manifest whose subject is another one.
struct Referrer {
    std::string digest;
    std::string artifact_type; ///< may be empty
    std::string media_type;
    std::uint64_t size = 0;    ///< bytes of the manifest
    std::string descriptor;    ///< as the registry has it, JSON
};

/// Of the image at `place`, a name in a registry with docker:// or without. `type`: only those of this artifact type; empty: all.
std::vector<Referrer> image_referrers(Engine& engine, const std::string& place, const std::string& type, const RegistryOptions& options,
                                      const Notice& notice);

} // namespace lib
