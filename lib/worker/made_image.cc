// See lib/worker/made_image.h.
#include "lib/worker/made_image.h"

#include "lib/worker/counted_source.h"
#include "lib/worker/layers.h"
#include "storage/digest.h"
#include "storage/unpack.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace lib::worker {

MadeLayer publish_made_layer(storage::Store& store, storage::ByteSource& tar) {
    CountedSource counted(tar);
    storage::UnpackOptions unpack;
    unpack.single_id = is_single_id();
    std::optional<storage::Lease> lease;
    const storage::LayerInfo layer = storage::publish_new_layer(store, counted, unpack, [&](const std::string& diff_id) {
        lease = store.lease_layers(std::vector<std::string>{diff_id});
    });
    return {layer.diff_id, counted.size(), std::move(*lease)};
}

nlohmann::json add_made_image(storage::Store& store, const nlohmann::json& config, oci::Manifest manifest, const MadeLayer& layer,
                              const std::string& name) {
    storage::NewImage image;
    image.config_json = config.dump();
    image.config_digest = storage::sha256_digest(image.config_json);
    manifest.config.digest = oci::Digest::parse(image.config_digest);
    manifest.config.size = image.config_json.size();
    image.manifest_json = oci::to_json(manifest);
    image.manifest_digest = storage::sha256_digest(image.manifest_json);
    if (!name.empty()) image.names.push_back(name);
    storage::finish_durability(store, {layer.diff_id});
    store.add_image(image);
    return {{"image", image.config_digest}};
}

} // namespace lib::worker
