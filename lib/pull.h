// pull: an image from a registry into the store.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"

#include <string>

namespace lib {

struct PullRequest {
    std::string name;     ///< as typed; a name without registry means docker.io
    std::string platform; ///< os/architecture[/variant]; empty: this machine's
};

struct PullResult {
    std::string image_id;        ///< the config's digest, 64 hexadecimal digits
    std::string name;            ///< the qualified name it has now; empty where only a digest was asked for
    std::string manifest_digest; ///< sha256:…, of the manifest for the platform
};

/// Layers that the store has already are not fetched. Progress is reported through `callbacks.pull_progress`, in the lines
/// of lib/image_worker.h.
PullResult pull_image(Engine& engine, const PullRequest& request, const Callbacks& callbacks);

} // namespace lib
