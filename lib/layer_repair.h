// Layers that are not what they were: finding them by reading every byte, and fetching them again.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"
#include "storage/store.h"

#include <string>
#include <vector>

namespace lib {

struct DamagedLayer {
    std::string diff_id;
    std::string what; ///< "etc/passwd: other content; and 3 more"
};
/// Reads the layers (diff-ids) that the store has, by the image worker.
std::vector<DamagedLayer> find_damaged_layers(Engine& engine, const std::vector<std::string>& diff_ids);

/// Who needs a layer, and from where it can be had.
struct LayerUsers {
    std::vector<std::string> names;             ///< of images and containers, for humans
    std::vector<std::string> sources;           ///< host/path@sha256:…, of images with it that came from a registry; the best first
    std::vector<std::string> running;           ///< names of containers that run on it
    std::vector<std::string> containers;        ///< ids of all that need it
    std::vector<std::string> images;            ///< ids, "sha256:…"
};

/// Fetches the layer again, as part of an image; the one that is there makes way once the new one is complete. Returns the
/// source. Throws Error saying why it cannot be done; the store is as before then.
std::string repair_layer(Engine& engine, const std::string& diff_id, const LayerUsers& users, const Callbacks& callbacks);

} // namespace lib
