// An image whose topmost layer was made here, into the store: what commit and import do alike.
#pragma once

#include "base/oci/manifest.h"
#include "storage/byte_source.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace lib::worker {

struct MadeLayer {
    std::string diff_id;
    std::uint64_t size; ///< of the tar
    storage::Lease lease;
};

/// Unpacks a plain tar to its end and publishes it.
MadeLayer publish_made_layer(storage::Store& store, storage::ByteSource& tar);

/// Publishes the image, the new layer durably: `manifest` lacks the descriptor of its config but for the media type. {"image": its id}.
nlohmann::json add_made_image(storage::Store& store, const nlohmann::json& config, oci::Manifest manifest, const MadeLayer& layer,
                              const std::string& name);

} // namespace lib::worker
