// From an index down to the manifest for one platform.
#pragma once

#include "base/oci/manifest.h"
#include "lib/worker/layout.h"

#include <functional>
#include <optional>

namespace lib::worker {

/// Indexes within indexes that anybody is followed into; a registry must not lead us on for ever.
inline constexpr int deepest_index = 3;

struct ChosenManifest {
    RawManifest raw;
    std::optional<oci::Platform> platform{}; ///< as its index says
};

/// One that an index names, verified.
using FetchManifest = std::function<RawManifest(const oci::Descriptor&)>;

/// `root` itself where it is a manifest. Of an index the entry that fits best, further down where that is an index again, and where
/// none fits what indexes without a platform have (image-spec, image-index.md: an entry may be an index). Throws Error naming the
/// platforms there are, and for a manifest that is not what its index says.
ChosenManifest choose_manifest(RawManifest root, const oci::Platform& platform, const FetchManifest& fetch, oci::Content content = oci::Content::image);

/// Fetches, and compares with what the index says of it.
RawManifest fetch_entry(const oci::Descriptor& entry, const FetchManifest& fetch);

bool is_index_type(std::string_view media_type);

} // namespace lib::worker
