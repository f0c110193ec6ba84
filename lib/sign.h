// image sign, push --sign-by: signatures of images in registries ("simple signing"), written into a directory that verifiers are told of.
#pragma once

#include "base/oci/reference.h"
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

/// How a push is to be signed; an empty key: not at all.
struct SignOptions {
    std::string key;             ///< of the user's GnuPG
    std::string passphrase_file; ///< its first line; empty: GnuPG asks
};

/// Signs what is pushed to one name, beside the signatures that are there.
class PushSigner {
public:
    /// Before anything is sent: throws Error where there is no such key, or nowhere to write.
    PushSigner(SignOptions options, oci::Reference target);
    void sign(const std::string& manifest_digest) const;

private:
    const SignOptions options_;
    const oci::Reference target_;
    const std::string directory_;
};

} // namespace lib
