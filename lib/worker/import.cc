// See lib/worker/import.h.
#include "lib/worker/import.h"

#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "lib/image_worker.h"
#include "lib/worker/archive.h"
#include "lib/worker/counted_source.h"
#include "lib/worker/layers.h"
#include "storage/decompress.h"
#include "storage/digest.h"
#include "storage/unpack.h"

#include <optional>

namespace lib::worker {
nlohmann::json import(storage::Store& store, const nlohmann::json& request, Report&) {
    const UniqueFd input(worker_extra_fd);
    FdSource packed(input.get());
    const auto plain = storage::open_decompressed(packed);
    CountedSource counted(*plain);
    storage::UnpackOptions unpack;
    unpack.single_id = is_single_id();
    std::optional<storage::Lease> lease;
    const storage::LayerInfo layer = storage::publish_new_layer(store, counted, unpack, [&](const std::string& diff_id) {
        lease = store.lease_layers(std::vector<std::string>{diff_id});
    });

    nlohmann::json config = request.at("config");
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", {layer.diff_id}}};
    storage::NewImage image;
    image.config_json = config.dump();
    image.config_digest = storage::sha256_digest(image.config_json);
    const oci::Manifest manifest{
        std::string(oci::media_type::oci_manifest),
        {std::string(oci::media_type::oci_config), oci::Digest::parse(image.config_digest), image.config_json.size(), {}},
        {{std::string(oci::media_type::oci_layer), oci::Digest::parse(layer.diff_id), counted.size(), {}}}};
    image.manifest_json = oci::to_json(manifest);
    image.manifest_digest = storage::sha256_digest(image.manifest_json);
    if (std::string name = oci::Fields(request, "the request").text("name"); !name.empty()) image.names.push_back(std::move(name));
    storage::finish_durability(store, {layer.diff_id});
    store.add_image(image);
    return {{"image", image.config_digest}};
}

} // namespace lib::worker
