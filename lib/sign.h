// image sign: signatures of images in registries ("simple signing"), written into a directory that verifiers are told of.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"

#include <string>

namespace lib {

struct SignRequest {
    std::string image;     ///< docker://NAME
    std::string key;       ///< of the user's GnuPG
    std::string directory; ///< empty: as registries.d says
    bool all = false;      ///< each image of a list, and not the list
    RegistryOptions registry;
};

/// Nothing is sent to the registry. Signatures go to DIRECTORY/PATH@sha256=HEX/signature-N, where PATH is the repository's without its
/// registry.
void sign_image(Engine& engine, const SignRequest& request, const Notice& notice);

} // namespace lib
