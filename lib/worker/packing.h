// How layers and manifests are to look where an image is sent: what push and copy do alike.
#pragma once

#include "base/oci/manifest.h"
#include "lib/worker/image_sink.h"
#include "storage/compress.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lib::worker {

/// Throws Error for what is no layer of a container image.
storage::Packing packing_of(const oci::Descriptor& layer);
/// none, gzip, zstd.
const char* to_text(storage::Packing packing);
/// The different ones of an image's layers.
std::set<std::string> packings_of(const std::vector<oci::Descriptor>& layers);
/// The media type of a layer in Docker's format or OCI's.
std::string layer_type(storage::Packing packing, bool docker);

struct Wishes {
    std::string format;                      ///< oci, v2s2; empty: as it is, but OCI's where that alone has the packing
    std::optional<storage::Packing> packing; ///< of every layer; empty: as it is
    std::optional<int> level;
    std::optional<storage::Packing> fallback; ///< of plain layers where `packing` is empty
    bool preserve = false;                   ///< another digest than the source's is an error

    bool is_docker(const oci::Manifest& manifest) const;
    /// How a layer packed as `before` is to be packed; `plain`: plain ones. Throws Error for what is not possible.
    storage::Packing packing_for(storage::Packing before, storage::Packing plain) const;
    /// Whether the blob that is packed as `before` will do where `wanted` is wanted. A format and a level asked for together mean
    /// packing anew.
    bool keeps(storage::Packing before, storage::Packing wanted) const;
    /// Whether the manifest or its layers may have to become others.
    bool change(const oci::Manifest& manifest) const { return packing || fallback || changes_format(manifest); }
    bool changes_format(const oci::Manifest& manifest) const { return is_docker(manifest) != (manifest.media_type == oci::media_type::docker_manifest); }
};

/// {"format", "packing", "level", "default_packing", "preserve"}.
Wishes parse_wishes(const nlohmann::json& request);

/// An image as it comes.
struct OriginalImage {
    const oci::Manifest& manifest;
    const std::string& manifest_json;
    const std::string& config_json;
    std::vector<std::string> names; ///< to be known by at the destination
};

/// The manifest that fits the layers that are at the destination: the image's own where nothing has changed. Throws Error where
/// that breaks the wish to preserve it.
FinishedImage finish_image(const OriginalImage& image, const Wishes& wishes, std::vector<oci::Descriptor> layers);

} // namespace lib::worker
