// See lib/worker/inspect_image.h.
#include "lib/worker/inspect_image.h"

#include "base/oci/json_fields.h"
#include "lib/image_worker.h"
#include "lib/worker/image.h"
#include "lib/worker/image_source.h"
#include "lib/worker/request.h"

namespace lib::worker {

nlohmann::json inspect_image(storage::Store& store, const nlohmann::json& request, Report& report) {
    const auto source = make_source(request.at("source"), worker_second_fd, store.path("tmp"), report);
    RawManifest raw = source->root();
    nlohmann::json result{{"body", raw.body}, {"digest", raw.digest.str()}};
    if (!oci::Fields(request, "the request").flag("all")) return result;
    const auto document = oci::parse_manifest_or_index(raw.body, raw.media_type);
    if (const auto* index = std::get_if<oci::Index>(&document))
        raw = source->manifest(oci::choose_platform(*index, parse_wanted_platform(request).value_or(oci::host_platform())));
    const oci::Manifest manifest = oci::parse_manifest(raw.body, raw.media_type);
    result["manifest"] = raw.body;
    result["media_type"] = manifest.media_type;
    result["config"] = source->read_blob(manifest.config, config_limit);
    return result;
}

} // namespace lib::worker
