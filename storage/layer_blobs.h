// What a layer is in registries: the blobs it was pulled as and pushed as, and where they are.
//
// layers/<diff-id hex>/blobs.json, beside the layer; garbage collection puts it into known-blobs/<diff-id hex>.json before it takes the
// layer, so that an image that is loaded or pulled again later need not be compressed for a push. A push finds there what the registry may have
// already, and from which repository of the same registry it could be mounted; it holds no bytes of any blob. It is a hint:
// lost or wrong, it costs an upload. Writers hold a flock on the layer's meta.json.
#pragma once

#include "storage/store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace storage {

inline constexpr const char* layer_blobs_file = "blobs.json";

struct LayerBlob {
    std::string digest;              ///< "sha256:…" of the packed bytes
    std::uint64_t size = 0;
    std::string packing;             ///< none, gzip, zstd
    std::vector<std::string> places; ///< "host[:port]/repository", the last one first; at most 16
};

/// Those pushed or pulled last come first; at most 16. What cannot be read counts as nothing.
std::vector<LayerBlob> load_layer_blobs(const Store& store, const std::string& diff_id);

/// Keeps what is known of a layer that is about to go, and of those that have gone the newest 1000.
void keep_layer_blobs(const Store& store, const std::string& layer_hex);

/// Adds the blob, or its place to one that is known. Does nothing where the layer is gone.
void remember_layer_blob(const Store& store, const std::string& diff_id, const LayerBlob& blob);

} // namespace storage
