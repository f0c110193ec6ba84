// See lib/worker/inspect_image.h.
#include "lib/worker/inspect_image.h"

#include "base/oci/json_fields.h"
#include "lib/image_worker.h"
#include "lib/worker/choose_manifest.h"
#include "lib/worker/image.h"
#include "lib/worker/image_source.h"
#include "lib/worker/request.h"

namespace lib::worker {

namespace {

nlohmann::json inspect(ImageSource& source, const nlohmann::json& request) {
    RawManifest raw = source.root();
    nlohmann::json result{{"body", raw.body}, {"digest", raw.digest.str()}};
    if (!oci::Fields(request, "the request").flag("all")) return result;
    raw = choose_manifest(std::move(raw), parse_wanted_platform(request).value_or(oci::host_platform()),
                          [&](const oci::Descriptor& entry) { return source.manifest(entry); }).raw;
    const oci::Manifest manifest = oci::parse_manifest(raw.body, raw.media_type);
    result["manifest"] = raw.body;
    result["media_type"] = manifest.media_type;
    result["config"] = source.read_blob(manifest.config, config_limit);
    return result;
}

} // namespace

nlohmann::json inspect_image(storage::Store& store, const nlohmann::json& request, Report& report) {
    return inspect(*make_source(request.at("source"), worker_second_fd, store.path("tmp"), report), request);
}

nlohmann::json inspect_fetched_image(storage::Store&, Fetcher& fetcher, const nlohmann::json& request, Report&) {
    return inspect(*make_fetched_source(fetcher, request.at("source")), request);
}

} // namespace lib::worker
