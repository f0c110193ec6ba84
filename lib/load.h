// load: images from an archive made by `save` of ctl, Podman, Docker or skopeo.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"

#include <string>
#include <vector>

namespace lib {

struct LoadRequest {
    /// A docker-archive or OCI archive, plain or compressed with gzip or zstd, or the directory of an OCI layout; "-" is
    /// the caller's stdin.
    std::string path = "-";
    std::string signature_policy; ///< --signature-policy
};

struct LoadResult {
    struct Loaded {
        std::string image_id;           ///< 64 hexadecimal digits
        std::vector<std::string> names; ///< qualified; bare names of the archive become localhost/…
    };
    std::vector<Loaded> images;
};

LoadResult load_images(Engine& engine, const LoadRequest& request, const Callbacks& callbacks);

} // namespace lib
