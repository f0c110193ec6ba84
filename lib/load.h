// load: images from an archive made by `save` of ctl, Podman, Docker or skopeo.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// What is wanted of an archive.
struct LoadChoice {
    std::string transport;          ///< what the archive has to be: oci, oci-archive, docker-archive, dir
    std::string name;               ///< of the image there; empty: the only one
    std::optional<std::vector<std::string>> names; ///< qualified, in the store; empty: its own
    std::string platform;           ///< os/architecture[/variant]; empty: this machine's
};

struct LoadRequest {
    /// A docker-archive or OCI archive, plain or compressed with gzip or zstd, or the directory of an OCI layout or of
    /// what docker-dir (dir:) writes; "-" is
    /// the caller's stdin.
    std::string path = "-";
    std::string signature_policy{}; ///< --signature-policy
    std::optional<LoadChoice> choice{}; ///< empty: all images, by their own names
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
