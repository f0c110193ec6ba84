// What pull and load do alike, see lib/worker/image.h.
#include "lib/worker/image.h"

#include "base/error.h"
#include "storage/disk.h"
#include "storage/unpack.h"

namespace lib::worker {

oci::ImageConfig check_config(const oci::Manifest& manifest, const std::string& config_json) {
    oci::ImageConfig config = oci::parse_image_config(config_json);
    if (config.diff_ids.size() != manifest.layers.size())
        throw Error("image config: rootfs.diff_ids has ", config.diff_ids.size(), " entries, but the manifest ",
                    manifest.layers.size(), " layers");
    for (const oci::Descriptor& layer : manifest.layers) (void)oci::layer_compression(layer);
    return config;
}

void check_platform(const oci::ImageConfig& config, const std::optional<oci::Platform>& wanted, Report& report) {
    const oci::Platform platform = wanted.value_or(oci::host_platform());
    if (oci::platform_match(platform, config.platform) > 0) return;
    const std::string text = cat("image platform (", oci::printable(config.platform.str()), ") does not match the expected platform (", platform.str(), ")");
    if (wanted) report.warning(text);
    else report.notice(text);
}

namespace {

/// Content takes hardly ever less room unpacked than packed, so this is the least it needs.
void check_room(const storage::Store& store, const FoundImage& found) {
    const storage::UnpackOptions options{.single_id = is_single_id()};
    std::uint64_t needed = 0;
    for (std::size_t i = 0; i < found.manifest.layers.size(); ++i)
        if (!storage::have_layer(store, found.config.diff_ids[i].str(), options)) needed += found.manifest.layers[i].size;
    storage::check_room(store.path("layers"), needed);
}

} // namespace

storage::Image store_image(storage::Store& store, const FoundImage& found, const OpenLayer& open_layer, Report& report) {
    std::vector<LayerJob> jobs;
    std::vector<std::string> diff_ids;
    for (std::size_t i = 0; i < found.manifest.layers.size(); ++i) {
        const oci::Descriptor& layer = found.manifest.layers[i];
        jobs.push_back({found.config.diff_ids[i], layer.digest.str(), layer.size, i});
        diff_ids.push_back(found.config.diff_ids[i].str());
    }
    const storage::Lease lease = store.lease_layers(diff_ids);
    check_room(store, found);
    fetch_layers(store, jobs, open_layer, report);
    storage::finish_durability(store, diff_ids);
    return store.add_image({found.manifest.config.digest.str(), found.config_json, found.manifest_digest.str(), found.manifest_json,
                            found.names, found.repo_digests});
}

} // namespace lib::worker
