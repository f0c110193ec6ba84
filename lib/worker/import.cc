// See lib/worker/import.h.
#include "lib/worker/import.h"

#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "lib/image_worker.h"
#include "lib/worker/archive.h"
#include "lib/worker/made_image.h"
#include "storage/decompress.h"

namespace lib::worker {
nlohmann::json import(storage::Store& store, const nlohmann::json& request, Report&) {
    const UniqueFd input(worker_extra_fd);
    FdSource packed(input.get());
    const auto plain = storage::open_decompressed(packed);
    const MadeLayer layer = publish_made_layer(store, *plain);
    const oci::Digest digest = oci::Digest::parse(layer.diff_id);
    nlohmann::json config = request.at("config");
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", {layer.diff_id}}};
    oci::Manifest manifest{std::string(oci::media_type::oci_manifest), {std::string(oci::media_type::oci_config), digest, 0, {}}, {}};
    manifest.layers.push_back({std::string(oci::media_type::oci_layer), digest, layer.size, {}});
    return add_made_image(store, config, std::move(manifest), layer, oci::Fields(request, "the request").text("name"));
}

} // namespace lib::worker
