// What pull and load do alike: judging a config against its manifest, and publishing the finished image.
#pragma once

#include "base/oci/image_config.h"
#include "base/oci/manifest.h"
#include "lib/worker/layers.h"
#include "storage/store.h"

#include <optional>
#include <string>
#include <vector>

namespace lib::worker {

inline constexpr std::size_t config_limit = 4 << 20; ///< bytes of an image config

/// An image whose manifest and config are here and whose layers are not yet.
struct FoundImage {
    oci::Manifest manifest;
    std::string manifest_json;
    oci::Digest manifest_digest;
    oci::ImageConfig config;
    std::string config_json;
    std::vector<std::string> names;        ///< qualified, with tag
    std::vector<std::string> repo_digests;
};

/// Parses the config and checks it against the manifest: as many diff-ids as layers, every layer of a known type.
/// Throws Error.
oci::ImageConfig check_config(const oci::Manifest& manifest, const std::string& config_json);

/// A warning when the image is for another platform than the wanted one, a notice when none was asked for and it is not this
/// machine's: what images say of themselves is often wrong, and their index or their user may know better.
void check_platform(const oci::ImageConfig& config, const std::optional<oci::Platform>& wanted, Report& report);

/// Leases, fetches the layers, makes them durable and adds the image with its names.
storage::Image store_image(storage::Store& store, const FoundImage& found, const OpenLayer& open_layer, Report& report);

} // namespace lib::worker
