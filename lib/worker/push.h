// push and save, the worker's side: images of the store to a registry, a directory or an archive.
//
// Theory of operation
//
// The store keeps layers unpacked, so what was pulled compressed cannot be sent again byte for byte: only the plain tar can be
// rebuilt (storage/rebuild.h). So for each layer, in this order:
//   1. the destination has the very blob of the image's manifest, or can mount it from a repository where we know it to be
//   2. the destination has, or can mount, another blob that the layer is known as, packed as wanted (storage/layer_blobs.h)
//   3. it is packed, into an unnamed file, and sent unless the destination has what came out
// Where every layer is the one of the manifest, the manifest goes as it is and the digest stays. Otherwise a new one is
// made, and told. Layers are worked on in parallel, each by one thread from its files to the network.
#pragma once

#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// The request: {"images": [{"manifest", "config", "diff_ids", "names", "pulled"}], "destination": {"transport", …}, "format":
/// "oci"|"v2s2"|"", "packing": "gzip"|"zstd"|"none"|"", "level": N, "default_packing": …, "access": {…}}. Archives go to
/// descriptor 3. {"images": [{"digest", "changed"}]}. Throws Error.
nlohmann::json push(storage::Store& store, const nlohmann::json& request, Report& report);

} // namespace lib::worker
