// image copy: an image from any place to any other. What is neither ours nor the destination's is stored nowhere.
#pragma once

#include "lib/engine.h"
#include "lib/push.h"
#include "lib/registry_access.h"
#include "lib/run.h"

#include <string>
#include <vector>

namespace lib {

/// Of an image made for several platforms: the one for `platform`, all, or the index without its images.
enum class IndexCopy { one, all, index };

struct ImageCopyRequest {
    std::string source;      ///< as parse_image_place takes it
    std::string destination;
    std::string platform;    ///< os/architecture[/variant]; empty: this machine's
    IndexCopy images = IndexCopy::one;
    PackingOptions packing;
    std::vector<std::string> additional_tags; ///< further names in a docker-archive
    RegistryOptions source_registry;
    RegistryOptions destination_registry;
};

struct ImageCopyResult {
    std::string digest;   ///< of the manifest or index there; of the manifest in our store
    bool changed = false; ///< it is not the source's
};

ImageCopyResult copy_image(Engine& engine, const ImageCopyRequest& request, const Callbacks& callbacks);

} // namespace lib
